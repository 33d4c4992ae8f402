import type { Sequence } from '../core/alphabet.js';

/** The best of what was offered, in bounded memory. */
export interface TopList {
  /** Offers a sequence; it is copied if it is kept. Equal merits keep who came first. */
  offer(sequence: Sequence, merit: number): void;
  /** The lowest merit kept; minus infinity until the list is full. */
  threshold(): number;
  /** What was kept, best first. */
  sorted(): { sequence: Sequence; merit: number }[];
}

interface Entry {
  sequence: Sequence;
  merit: number;
  order: number;
}

/** Whether a is worse than b: lower merit, or as good and later. */
function worse(a: Entry, b: Entry): boolean {
  return a.merit < b.merit || (a.merit === b.merit && a.order > b.order);
}

/** A {@link TopList} of `size` entries: a binary heap with the worst on top. */
export function createTopList(size: number): TopList {
  const heap: Entry[] = [];
  let offered = 0;
  const swap = (i: number, j: number) => ([heap[i], heap[j]] = [heap[j], heap[i]]);
  const sink = () => {
    for (let i = 0; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let worst = i;
      if (left < heap.length && worse(heap[left], heap[worst])) worst = left;
      if (right < heap.length && worse(heap[right], heap[worst])) worst = right;
      if (worst === i) return;
      swap(i, worst);
      i = worst;
    }
  };
  const rise = () => {
    for (let i = heap.length - 1; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!worse(heap[i], heap[parent])) return;
      swap(i, parent);
      i = parent;
    }
  };
  return {
    offer(sequence, merit) {
      const entry = { sequence, merit, order: offered++ };
      if (heap.length < size) {
        heap.push({ ...entry, sequence: sequence.slice() });
        rise();
      } else if (worse(heap[0], entry)) {
        heap[0] = { ...entry, sequence: sequence.slice() };
        sink();
      }
    },
    threshold: () => (heap.length < size ? -Infinity : heap[0].merit),
    sorted: () => [...heap].sort((a, b) => (worse(a, b) ? 1 : -1)),
  };
}
