import type { Erasure } from './forget-entry.ts';

/** Template ids that were erased, by their marks, and for whom. */
export interface ErasedTemplates {
  add(erasure: Erasure): void;
  /** Times are milliseconds since 1970. */
  find(template: string): readonly { readonly subject: string; readonly at: number }[];
  isEmpty(): boolean;
}

/** Some 500 bytes a template: people ask to be forgotten one by one. */
export function createErasedTemplates(): ErasedTemplates {
  const byTemplate = new Map<string, Map<string, number>>();
  return {
    add({ subject, at, templates }) {
      for (const { template } of templates) {
        // The former version did not note which templates they were.
        if (template === undefined) continue;
        const subjects = byTemplate.get(template) ?? new Map<string, number>();
        byTemplate.set(template, subjects);
        subjects.set(subject, Math.max(subjects.get(subject) ?? 0, Date.parse(at)));
      }
    },
    find: (template) => [...(byTemplate.get(template) ?? [])].map(([subject, at]) => ({ subject, at })),
    isEmpty: () => byTemplate.size === 0,
  };
}
