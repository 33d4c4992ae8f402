/** A map that forgets what was used least recently once its values exceed a number of bytes. */
export interface Memo<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, bytes: number): void;
}

/** A {@link Memo} of at most `maxBytes`; 0 remembers nothing. */
export function createMemo<V>(maxBytes: number): Memo<V> {
  // a Map iterates in the order of insertion, so the first key is the one used least recently
  const kept = new Map<string, { value: V; bytes: number }>();
  let total = 0;
  const drop = (key: string) => {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  return {
    get(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      kept.delete(key);
      kept.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      drop(key);
      if (bytes > maxBytes) return;
      kept.set(key, { value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (total <= maxBytes) break;
        drop(oldest);
      }
    },
  };
}
