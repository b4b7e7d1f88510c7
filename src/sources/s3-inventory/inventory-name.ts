const delivery = /^(s3:\/\/[^/]+\/(?:.*?\/)?)\d{4}-\d\d-\d\dT\d\d-\d\dZ(\/manifest\.json)(?= \(|$)/su;

/**
 * One name for all deliveries of an inventory, made of the address of one day's manifest: a star for the day. It may be
 * followed by what of it is listed. Any other address stays as it is.
 */
export const everyDayOf = (source: string): string => source.replace(delivery, '$1*$2');
