import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How bytes travel: each piece `delayMs` late, and a share of them `stallMs` later still, with all that is behind. */
export type Pace = { delayMs: number; stallShare: number; stallMs: number }

/** A road to a server of this machine, by another port. */
export type Road = AsyncDisposable & {
  readonly port: number
  /** From now on bytes travel so; null: at once. */
  slow(pace: Pace | null): void
  /** Nothing arrives any more, in either direction, and no connection is closed, until the road is open again. */
  cut(): void
  open(): void
}

/** Opens a road, on which nothing is lost and nothing overtakes. */
export async function openRoad(target: number): Promise<Road> {
  let pace: Pace | null = null
  let opened = Promise.resolve()
  let release = () => {}
  const sockets = new Set<Socket>()
  const drive = (from: Socket, to: Socket) => {
    let arrivesAt = 0
    let last = Promise.resolve()
    from.on('data', (bytes: Buffer) => {
      const late = pace ? pace.delayMs + (Math.random() < pace.stallShare ? pace.stallMs : 0) : 0
      arrivesAt = Math.max(arrivesAt, performance.now() + late)
      const at = arrivesAt
      last = last
        .then(() => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, at - performance.now()))))
        .then(() => opened)
        .then(() => void (to.writable && to.write(bytes)))
    })
    from.on('close', () => void last.then(() => to.destroy()))
    from.on('error', () => {})
  }
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true).once('close', () => sockets.delete(socket))
    }
    drive(client, upstream)
    drive(upstream, client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    slow(next) {
      pace = next
    },
    cut() {
      const held = Promise.withResolvers<void>()
      opened = held.promise
      release = held.resolve
    },
    open: () => release(),
    async [Symbol.asyncDispose]() {
      release()
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
