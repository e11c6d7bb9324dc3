/*
 * The NATS client writes a fault of its reader, with the stack, to standard output, where a command's own lines go, and then says the same
 * by closing the connection. It is asked to by nobody, so it is left out.
 */
const { log } = console
const ofClient: readonly unknown[] = ['reader closed', 'transport close terminated with an error']
console.log = (...values: unknown[]) => {
  if (!ofClient.includes(values[0])) log(...values)
}
