import type { RuntimeErrorKind } from '../schemas/runtime-protocol.ts'

/** The runtime refused or failed one request; the process lives on. */
export class RuntimeRequestError extends Error {
  readonly kind: RuntimeErrorKind

  constructor(kind: RuntimeErrorKind, message: string) {
    super(message)
    this.name = 'RuntimeRequestError'
    this.kind = kind
  }
}

/** The runtime's process ended, or was killed for its silence, while a request was pending. The request may be sent again. */
export class RuntimeDiedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RuntimeDiedError'
  }
}
/** Whether words of a program are of memory that ran out. */
export const isOutOfMemory = (words: string): boolean =>
  /out of memory|OutOfMemory|can't allocate memory|Cannot allocate memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED|std::bad_alloc/i.test(
    words,
  )
