import { signal } from '@preact/signals';

const key = 'rollcall.reviewer';

/** Who decides here; every decision bears this name. Kept for the next time in this browser. */
export const reviewer = signal(localStorage.getItem(key) ?? '');

export function setReviewer(name: string): void {
  reviewer.value = name;
  localStorage.setItem(key, name);
}
