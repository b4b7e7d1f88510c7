import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';

interface Options {
  readonly frame: RefObject<HTMLElement | null>;
  readonly count: number;
  readonly rowHeight: number;
  /** Of the head that stays in sight. */
  readonly paddingStart: number;
}

/** Which rows of a long list are in sight, and how high all of them are. */
export function useVirtual({ frame, count, rowHeight, paddingStart }: Options) {
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const options = {
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    paddingStart,
    scrollPaddingStart: paddingStart,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(undefined),
  };
  const [list] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  useLayoutEffect(() => list.measure(), [rowHeight]);
  const rows: VirtualItem[] = list.getVirtualItems();
  return {
    rows,
    height: list.getTotalSize(),
    show: (index: number) => list.scrollToIndex(index),
  };
}
