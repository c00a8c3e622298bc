/** Exports every workflow of the service by its type. A new workflow needs a folder and a line here. */
export { audition } from './audition/workflow.ts';
export { calendarSync } from './calendar-sync/workflow.ts';
export { endpointNotice, eventDelivery, eventReplay } from './event-delivery/workflow.ts';
export { reconciliation } from './reconciliation/workflow.ts';
export { recording } from './recording/workflow.ts';
