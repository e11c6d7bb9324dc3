const pageBytes = 64 * 1024

/** What the memory of a module held at one moment. */
export type Snapshot = { data: Uint8Array; heap: Uint8Array; bytes: number }

/**
 * The memory of a WebAssembly module, as it is right after it was made, to be kept and given back. It holds static data, the stack, and the
 * heap. No call is under way when memory is given back, so what the stack holds is never read again: it is left alone. The stack is
 * the empty pages before the heap.
 */
export function openMemory(wasmMemory: WebAssembly.Memory) {
  const isEmpty = (page: number) =>
    new BigUint64Array(wasmMemory.buffer, page * pageBytes, pageBytes / 8).every((each) => each === 0n)
  /** One after the last page below `end` that is not empty. */
  const used = (end: number) => {
    let page = end
    while (page > 0 && isEmpty(page - 1)) page -= 1
    return page
  }
  const pages = () => wasmMemory.buffer.byteLength / pageBytes
  let heapPage = used(pages()) - 1
  while (heapPage > 0 && !isEmpty(heapPage - 1)) heapPage -= 1
  const dataEnd = used(heapPage) * pageBytes
  const heapAt = heapPage * pageBytes

  return {
    snapshot(): Snapshot {
      const data = new Uint8Array(wasmMemory.buffer.slice(0, dataEnd))
      const heap = new Uint8Array(wasmMemory.buffer.slice(heapAt, used(pages()) * pageBytes))
      return { data, heap, bytes: data.length + heap.length }
    },
    restore({ data, heap }: Snapshot): void {
      const all = new Uint8Array(wasmMemory.buffer)
      all.set(data)
      all.set(heap, heapAt)
    },
    /** Empties what lies behind it, so that the next snapshot holds no more than was used. */
    clearAfter({ heap }: Snapshot): void {
      new Uint8Array(wasmMemory.buffer, heapAt + heap.length).fill(0)
    },
  }
}
