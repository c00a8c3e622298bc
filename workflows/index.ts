/** Every workflow of the service, by its type. Adding one is a folder and a line here. */
export { audition } from './audition/workflow.ts';
export { endpointNotice, eventDelivery, eventReplay } from './event-delivery/workflow.ts';
