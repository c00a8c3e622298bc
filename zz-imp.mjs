const [,, ...mods]=process.argv;
const before=process.memoryUsage().rss;
for(const m of mods) await import(m);
const b=process.memoryUsage();globalThis.gc?.();
const a=process.memoryUsage();
console.log(mods.join(' '), 'before', (before/2**20).toFixed(0), 'rss', (a.rss/2**20).toFixed(0),'heap',(a.heapUsed/2**20).toFixed(0));
