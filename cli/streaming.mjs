/** Commands that stream: V8 is to collect garbage before it takes more memory, where it would let the heap, and its young part, grow with the source. */
export const streaming = ['score', 'task']
