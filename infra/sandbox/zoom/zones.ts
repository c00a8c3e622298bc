/**
 * The zones that Zoom knows: a list of its own, shorter than that of the IANA database, and with names that the database has
 * replaced. https://developers.zoom.us/docs/api/references/abbreviations/#timezones
 */
const africa =
  'Algiers Bangui Cairo Casablanca Djibouti Harare Johannesburg Khartoum Mogadishu Nairobi Nouakchott Tripoli Tunis';
const america =
  'Anchorage Araguaina Argentina/Buenos_Aires Bogota Caracas Chicago Costa_Rica Denver Edmonton El_Salvador Godthab Guatemala Halifax Indianapolis Lima Los_Angeles Managua Mazatlan Mexico_City Montevideo Montreal New_York Panama Phoenix Puerto_Rico Regina Santiago Sao_Paulo St_Johns Tegucigalpa Tijuana Vancouver Winnipeg';
const asia =
  'Aden Almaty Amman Baghdad Bahrain Baku Bangkok Beirut Calcutta Dacca Damascus Dhaka Dubai Hong_Kong Irkutsk Jakarta Jerusalem Kabul Kamchatka Kathmandu Kolkata Krasnoyarsk Kuala_Lumpur Kuwait Magadan Manila Muscat Nicosia Novosibirsk Qatar Riyadh Saigon Seoul Shanghai Singapore Taipei Tashkent Tehran Tokyo Vladivostok Yakutsk Yekaterinburg';
const atlantic = 'Azores Cape_Verde Reykjavik';
const australia = 'Adelaide Brisbane Darwin Hobart Perth Sydney';
const europe =
  'Amsterdam Athens Belgrade Berlin Brussels Bucharest Budapest Copenhagen Dublin Helsinki Istanbul Kiev Lisbon London Luxembourg Madrid Moscow Oslo Paris Prague Rome Sofia Stockholm Vienna Warsaw Zurich';
const pacific = 'Apia Auckland Fiji Honolulu Midway Noumea Pago_Pago Port_Moresby';

const within = (area: string, places: string) => places.split(' ').map((place) => `${area}/${place}`);

export const zoomZones: ReadonlySet<string> = new Set([
  ...within('Africa', africa),
  ...within('America', america),
  ...within('Asia', asia),
  ...within('Atlantic', atlantic),
  ...within('Australia', australia),
  ...within('Europe', europe),
  ...within('Pacific', pacific),
  'Canada/Atlantic',
  'CET',
  'Etc/Greenwich',
  'SST',
  'UTC',
]);
