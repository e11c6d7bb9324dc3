import { z } from 'zod'

/** The runtime that comes with the project; it trains and answers where nothing else is said, and does all other work of a bridge. */
export const ownRuntime = 'peft'

/** The program that trained or answered: its name, its version, and its device. A part of what trainings and replies are known by. */
export const RuntimeIdentity = z.object({
  name: z.string().min(1),
  version: z.string().min(1),
  device: z.string().min(1),
})
export type RuntimeIdentity = z.infer<typeof RuntimeIdentity>

/** The programs that train and answer in a run, one each for all of it. One that is left out is the project's own runtime. */
export const Runtimes = z.object({ train: RuntimeIdentity.optional(), infer: RuntimeIdentity.optional() })
export type Runtimes = z.infer<typeof Runtimes>

/** As it is recorded and hashed: the project's own runtime is left out, as in runs from before there were others. */
export function recordedRuntimes(train: RuntimeIdentity, infer: RuntimeIdentity): Runtimes | undefined {
  const named = (identity: RuntimeIdentity) =>
    identity.name === ownRuntime ? undefined : RuntimeIdentity.parse(identity)
  const [trains, answers] = [named(train), named(infer)]
  return trains || answers ? { ...(trains && { train: trains }), ...(answers && { infer: answers }) } : undefined
}

/** As a person reads it: "trained by llama-factory 0.9.5 on cuda, answered by peft". */
export function describeRuntimes({ train, infer }: Runtimes = {}): string {
  const named = (identity?: RuntimeIdentity) =>
    identity ? `${identity.name} ${identity.version} on ${identity.device}` : ownRuntime
  return `trained by ${named(train)}, answered by ${named(infer)}`
}
