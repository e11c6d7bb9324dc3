import type { z } from 'zod'
import type { EventMessage, PayloadOf, WorkMessage } from '../../schemas/message.ts'
import { FinalEvalRequest, Job } from '../../schemas/messages/evaluation.ts'
import { Shard } from '../../schemas/messages/generation.ts'
import { Decision, Race, RunFinished, StatusChanged } from '../../schemas/messages/run.ts'
import { queuesOf } from '../../schemas/queue.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Plan } from './policy.ts'
import type { Attempt, Outgoing } from './state.ts'

type Json = z.infer<typeof Outgoing>['payload']

function work<M extends WorkMessage>(message: M, config: RunConfig, id: string, payload: PayloadOf<M>): Outgoing {
  return {
    name: message.name,
    variant: queuesOf(config)[message.to],
    id: `${message.name}:${id}`,
    payload: asJson(payload),
  }
}

function event<M extends EventMessage>(message: M, id: string, payload: PayloadOf<M>): Outgoing {
  return { name: message.name, variant: null, id: `${message.name}:${id}`, payload: asJson(payload) }
}

/** As it will be on the wire: without what is undefined. */
const asJson = (payload: unknown): Json => JSON.parse(JSON.stringify(payload))

/** Everything that a planner sends. The id says what it is about, so the same decision taken twice is one message. */
export const outgoing = {
  shard: (config: RunConfig, payload: PayloadOf<typeof Shard>) =>
    work(Shard, config, `a${payload.round.attempt}.r${payload.round.round}.s${payload.shard}`, payload),
  job: (config: RunConfig, payload: PayloadOf<typeof Job>) => work(Job, config, payload.studentModel, payload),
  finalEvalRequest: (config: RunConfig, payload: PayloadOf<typeof FinalEvalRequest>) =>
    work(FinalEvalRequest, config, 'test', payload),
  decision: (payload: PayloadOf<typeof Decision>) => event(Decision, `a${payload.attempt}`, payload),
  /** The decision that an attempt came from. */
  decided: (
    attempt: Attempt,
    { model, promptHashes, spent }: Pick<Plan, 'model' | 'promptHashes' | 'spent'>,
    place?: PayloadOf<typeof Decision>['place'],
  ) => {
    const { operation, diagnosis, program, programHash, error } = attempt
    return outgoing.decision({
      attempt: attempt.attempt,
      operation,
      diagnosis,
      program,
      programHash,
      model,
      ...(error !== null && { error }),
      ...(promptHashes && { promptHashes: { ...promptHashes } }),
      ...(spent && { spent }),
      ...(place && { place }),
    })
  },
  /** The same decision published again with its error, once its program has raised. */
  raised: ({ attempt, operation, diagnosis, program, programHash, error }: Attempt) =>
    event(Decision, `a${attempt}:raised`, {
      ...{ attempt, operation, diagnosis, program, programHash, model: null },
      ...(error !== null && { error }),
    }),
  race: (payload: PayloadOf<typeof Race>) => event(Race, `a${payload.attempt}`, payload),
  status: (payload: PayloadOf<typeof StatusChanged>, cause: string) =>
    event(StatusChanged, `${payload.status}:${cause}`, payload),
  /** `end`: what ended the run; one that goes on after it ended is ended again by another event. */
  finished: (end: string, payload: PayloadOf<typeof RunFinished>) => event(RunFinished, end, payload),
}
