import { z } from 'zod'
import { bytes, count, ms } from './limit.ts'

/** When what keeps a process from its work is reported, and when it counts as over. They change what is shown, never what is done. */
export const TroubleDelays = z.strictObject({
  awayMs: ms(1000, 'how long a request may go without an answer of the server until that is reported'),
  missingMs: ms(
    10_000,
    'how long an agent may be missing, or the server be away for it, until a terminal reports it; agents come one after the other at a start',
  ),
  consumerMs: ms(
    3000,
    'how long a consumer may not answer an agent until that is reported: its server may be starting',
  ),
  givenBackMs: ms(
    90_000,
    'how long after the last message of a kind came back the trouble counts as over; longer than any pause before a delivery',
  ),
  restartedMs: ms(30_000, 'how long an agent that was started again is shown with how it had ended'),
})
export type TroubleDelays = z.infer<typeof TroubleDelays>

/** The patience of every process with the NATS server, and what the server is asked to keep. */
export const BusLimits = z.strictObject({
  requestMs: ms(5000, 'how long the server may take to answer a request'),
  repeatMs: ms(
    1000,
    'after how long without an answer a request that may be repeated is sent again, to a server that is there: what led its stream may be gone',
    10,
  ),
  silentMs: ms(
    5000,
    'where NATS_URL names several servers: how long the one that is connected may be silent until another one is tried',
    30,
  ),
  staleMs: ms(
    12_000,
    'in a cluster: how long a server that is cut off from the others may answer as if it still led; so long an object that is missing is looked for',
  ),
  awayMs: ms(
    60_000,
    'how long a request is repeated while the server is away; then the work that wanted it fails, and comes again',
  ),
  serverStartMs: ms(20_000, 'how long the server that a session starts may take until it answers'),
  serverStopMs: ms(5000, 'how long it may take to close its files; then it is killed'),
  hostSilentMs: ms(
    60_000,
    "where machines share a home: one that holds the server's storage and gives no sign of life for so long is taken for gone, and the next one may start a server there; each gives a sign every 2 s",
    10_000,
  ),
  agentTtlMs: ms(
    15_000,
    'an agent that has not been heard of for so long is gone from the list; each says four times as often that it is there',
    1000,
  ),
  clockOffsetMs: ms(
    5000,
    "how far a node's clock may be off the servers' clock until `syllabus node start` refuses to begin",
  ),
  maxInHand: count(1024, 'messages of one kind that may be in hand over all replicas of a role'),
  duplicateWindowMs: ms(600_000, 'how long the server knows a message that is sent again'),
  troubles: TroubleDelays.prefault({}).describe('when what keeps a process from its work is reported'),
  deadMaxBytes: bytes(64 * 1024 ** 2, 'size of the list of dead letters; the oldest make way'),
})
export type BusLimits = z.infer<typeof BusLimits>
