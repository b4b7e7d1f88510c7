/** A subject id as it is compared: ids that differ only in Unicode's form (NFC) are one subject. The case counts. */
export const subjectKey = (subjectId: string): string => subjectId.normalize('NFC');
