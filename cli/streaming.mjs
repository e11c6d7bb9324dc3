/** Commands that stream: V8 is to collect garbage before it takes more memory, where it would let the heap grow with the source. */
export const streaming = ['score', 'task']
