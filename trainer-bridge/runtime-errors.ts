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
