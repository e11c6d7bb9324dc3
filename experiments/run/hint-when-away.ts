import { BusAwayError } from '../../bus/mod.ts'

/** Where the server stays away while a run is followed, prints the command that goes on with it; the error is the caller's. */
export async function hintWhenAway<T>(
  follow: () => Promise<T>,
  command: string,
  line: (text: string) => void,
): Promise<T> {
  try {
    return await follow()
  } catch (error) {
    if (error instanceof BusAwayError) line(`nothing is lost. To go on, once the NATS server answers: ${command}`)
    throw error
  }
}
