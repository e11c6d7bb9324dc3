import { nanos } from 'nats'
import type { WorkConsumerRef } from '../../bus/handle.ts'
import { type Link, openLink } from '../../bus/link.ts'
import type { Logger } from '../../bus/mod.ts'
import { durableName, logStreamOf } from '../../bus/subjects.ts'
import type { DeliveryPolicy, WorkMessage } from '../../schemas/message.ts'
import type { TestServer } from './nats.ts'

/** A plain connection as the operator, for what a test must do or look at on the server itself. */
export function operatorLink(
  server: Pick<TestServer, 'url' | 'credentials'>,
  log: Logger,
  account: 'LAB' | 'EXAM' = 'LAB',
): Promise<Link> {
  const login = server.credentials.operator[account]
  if (!login) throw new Error(`the operator has no user in ${account}`)
  return openLink(server.url, account, login, { role: 'operator', variant: 'test', instance: 'test' }, log)
}

/** A message's consumer with a delivery policy short enough for a test, on the server and in the loop. */
export async function quickConsumer(
  link: Link,
  message: WorkMessage,
  variant: string,
  delivery: Partial<DeliveryPolicy>,
): Promise<WorkConsumerRef> {
  const quick = { ...message, delivery: { ...message.delivery, ...delivery } }
  const stream = logStreamOf[message.account]
  const durable = durableName(message, variant)
  await link.jsm.consumers.update(stream, durable, {
    ack_wait: nanos(quick.delivery.ackWaitMs),
    max_deliver: quick.delivery.maxDeliver,
  })
  return { link, stream, durable, message: quick }
}
