import { ModelError } from '../../core/errors.js';
import { CALLS, type Dict, isKind, isSize, type PickleValue, STORAGES, type Tuple } from './pickle-values.js';

/**
 * Reads the pickle of a PyTorch state dict: the opcodes that `torch.save` writes for dicts of plain tensors (protocols
 * 2 to 5), and no others. A pickle is a program for a stack machine; this one knows no way to import or call anything.
 * @param file names the file in messages
 * @returns the value left on the stack
 * @throws ModelError on any other opcode or global, naming it, and on anything malformed
 */
export function readPickle(bytes: Uint8Array, file: string): PickleValue {
  return new PickleMachine(bytes, file).run();
}

const MARK = Symbol('mark');

/** `torch.save` writes items in batches of 1,000 and about ten memoised values a tensor; far less than these. */
const DEEPEST_STACK = 100_000;
const LARGEST_MEMO = 4_000_000;

class PickleMachine {
  private readonly view: DataView;
  private readonly stack: (PickleValue | typeof MARK)[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.byte();
      if (opcode === 0x2e) return this.pop();
      const action = OPCODES.get(opcode);
      if (!action) throw this.refuse(`opcode 0x${opcode.toString(16).padStart(2, '0')}`);
      action(this);
    }
  }

  push(value: PickleValue | typeof MARK): void {
    if (this.stack.length >= DEEPEST_STACK)
      throw this.malformed(`a stack of at most ${DEEPEST_STACK}`, 'more');
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) throw this.malformed('a value', 'an empty stack');
    return value;
  }

  /** Everything above the last mark, which goes too. */
  popToMark(): PickleValue[] {
    const start = this.stack.lastIndexOf(MARK);
    if (start < 0) throw this.malformed('a mark', 'none');
    const values = this.stack.splice(start).slice(1);
    return values as PickleValue[];
  }

  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  popText(): string {
    const value = this.pop();
    if (typeof value !== 'string') throw this.malformed('text', describe(value));
    return value;
  }

  remember(index: number): void {
    const top = this.pop();
    if (this.memo.size >= LARGEST_MEMO) throw this.malformed(`a memo of at most ${LARGEST_MEMO}`, 'more');
    this.memo.set(index, top);
    this.push(top);
  }

  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.malformed('a memoised value', `index ${index}`);
    this.push(value);
  }

  setItems(pairs: readonly PickleValue[]): void {
    const dict = this.pop();
    if (!isKind(dict, 'dict') || pairs.length % 2) throw this.malformed('pairs for a dict', describe(dict));
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (typeof key !== 'string') throw this.malformed('names as keys', describe(key));
      dict.entries.set(key, pairs[i + 1]);
    }
    this.push(dict);
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (!Object.hasOwn(CALLS, full) && !Object.hasOwn(STORAGES, full)) throw this.refuse(`global ${full}`);
    this.push({ kind: 'global', name: full });
  }

  call(): void {
    const args = this.pop();
    const target = this.pop();
    if (!isKind(args, 'tuple') || !isKind(target, 'global') || !Object.hasOwn(CALLS, target.name)) {
      throw this.refuse(`a call of ${describe(target)}`);
    }
    const value = CALLS[target.name](args.items);
    if (value === undefined) throw this.malformed(`the arguments of ${target.name}`, describe(args));
    this.push(value);
  }

  /** The attributes of a state dict (`_metadata`, versions of modules) are of no use here. */
  build(): void {
    this.pop();
    const target = this.pop();
    if (!isKind(target, 'dict')) throw this.refuse(`a state for ${describe(target)}`);
    this.push(target);
  }

  /** `('storage', storage class, key, device, count)`. */
  persistent(): void {
    const id = this.pop();
    const [tag, type, key, , count] = isKind(id, 'tuple') ? id.items : [];
    const dtype =
      isKind(type, 'global') && Object.hasOwn(STORAGES, type.name) ? STORAGES[type.name] : undefined;
    if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isSize(count)) {
      throw this.malformed('a storage', describe(id));
    }
    this.push({ kind: 'storage', dtype, key, count });
  }

  byte(): number {
    return this.view.getUint8(this.skip(1));
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  uint64(): number {
    return this.safe(this.view.getBigUint64(this.skip(8), true));
  }

  /** Two's complement, little-endian, of `length` bytes. */
  long(length: number): number {
    if (length > 8) throw this.malformed('an integer of at most 8 bytes', `${length} bytes`);
    const start = this.skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i]);
    return this.safe(BigInt.asIntN(8 * length, value));
  }

  text(length: number): string {
    const start = this.skip(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.malformed('a line', 'the end of the file');
    const line = this.text(end - this.at);
    this.at++;
    return line;
  }

  private safe(value: bigint): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.malformed('an integer below 2^53', `${value}`);
    return number;
  }

  /** Moves on and returns where the skipped bytes start. */
  skip(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length)
      throw this.malformed(`${length} more bytes`, 'the end of the file');
    this.at += length;
    return start;
  }

  private malformed(expected: string, got: string): ModelError {
    return new ModelError({
      what: `pickle is malformed at byte ${this.at}`,
      file: this.file,
      expected,
      got,
      fix: 'The file is damaged: download it again.',
    });
  }

  private refuse(got: string): ModelError {
    return new ModelError({
      what: 'pickle holds more than plain tensors, and nothing of it was run',
      file: this.file,
      expected: 'a state dict of tensors',
      got: `${got} at byte ${this.at}`,
      fix: 'Use safetensors, or have its publisher save model.state_dict() alone.',
    });
  }
}

function describe(value: PickleValue | undefined): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  return value.kind === 'global' ? value.name : `a ${value.kind}`;
}

const emptyDict = (): Dict => ({ kind: 'dict', entries: new Map() });
const tuple = (items: PickleValue[]): Tuple => ({ kind: 'tuple', items });

/** By opcode, named as in Python's pickletools. */
const OPCODES: ReadonlyMap<number, (machine: PickleMachine) => void> = new Map<
  number,
  (machine: PickleMachine) => void
>([
  [0x80, (m) => void m.skip(1)], // PROTO
  [0x95, (m) => void m.skip(8)], // FRAME
  [0x28, (m) => m.push(MARK)], // MARK
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4b, (m) => m.push(m.byte())], // BININT1
  [0x4d, (m) => m.push(m.uint16())], // BININT2
  [0x4a, (m) => m.push(m.int32())], // BININT
  [0x8a, (m) => m.push(m.long(m.byte()))], // LONG1
  [0x58, (m) => m.push(m.text(m.uint32()))], // BINUNICODE
  [0x8c, (m) => m.push(m.text(m.byte()))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(m.text(m.uint64()))], // BINUNICODE8
  [0x7d, (m) => m.push(emptyDict())], // EMPTY_DICT
  [0x29, (m) => m.push(tuple([]))], // EMPTY_TUPLE
  [0x85, (m) => m.push(tuple(m.popMany(1)))], // TUPLE1
  [0x86, (m) => m.push(tuple(m.popMany(2)))], // TUPLE2
  [0x87, (m) => m.push(tuple(m.popMany(3)))], // TUPLE3
  [0x74, (m) => m.push(tuple(m.popToMark()))], // TUPLE
  [0x71, (m) => m.remember(m.byte())], // BINPUT
  [0x72, (m) => m.remember(m.uint32())], // LONG_BINPUT
  [0x94, (m) => m.rememberNext()], // MEMOIZE
  [0x68, (m) => m.recall(m.byte())], // BINGET
  [0x6a, (m) => m.recall(m.uint32())], // LONG_BINGET
  [0x73, (m) => m.setItems(m.popMany(2))], // SETITEM
  [0x75, (m) => m.setItems(m.popToMark())], // SETITEMS
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.global(...namePair(m))], // STACK_GLOBAL
  [0x52, (m) => m.call()], // REDUCE
  [0x62, (m) => m.build()], // BUILD
  [0x51, (m) => m.persistent()], // BINPERSID
]);

function namePair(machine: PickleMachine): [string, string] {
  const name = machine.popText();
  return [machine.popText(), name];
}
