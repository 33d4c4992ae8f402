export { sequenceKey } from '../core/sequence-key.js';
