import { PbfWriter } from 'pbf'

/*
 * Event files as TensorBoard reads them: TFRecords, each an Event of tensorflow/core/util/event.proto.
 * https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto has the messages and their numbers.
 */

type TextValue = { tag: string; text: string }

/** What one event holds. */
export type EventContent =
  | { fileVersion: string }
  | { scalars: Readonly<Record<string, number>> }
  | { texts: readonly TextValue[] }

const dtString = 7

/** An event as its file has it. `wallTime`: seconds since 1970. */
export function eventBytes(wallTime: number, step: number, content: EventContent): Uint8Array {
  const event = new PbfWriter()
  event.writeDoubleField(1, wallTime)
  event.writeVarintField(2, step)
  if ('fileVersion' in content) event.writeStringField(3, content.fileVersion)
  else event.writeMessage(5, writeSummary, content)
  return tfRecord(event.finish())
}

function writeSummary(content: Exclude<EventContent, { fileVersion: string }>, summary: PbfWriter): void {
  if ('scalars' in content)
    for (const [tag, value] of Object.entries(content.scalars))
      summary.writeMessage(
        1,
        (_: null, own: PbfWriter) => {
          own.writeStringField(1, tag)
          own.writeFloatField(2, value)
        },
        null,
      )
  else for (const text of content.texts) summary.writeMessage(1, writeText, text)
}

/** A value of the text plugin: a tensor of one string. */
function writeText({ tag, text }: TextValue, value: PbfWriter): void {
  value.writeStringField(1, tag)
  value.writeMessage(
    8,
    (bytes: Uint8Array, tensor: PbfWriter) => {
      tensor.writeVarintField(1, dtString)
      tensor.writeMessage(
        2,
        (_: null, shape: PbfWriter) => {
          shape.writeMessage(2, (_: null, dimension: PbfWriter) => dimension.writeVarintField(1, 1), null)
        },
        null,
      )
      tensor.writeBytesField(8, bytes)
    },
    new TextEncoder().encode(text),
  )
  value.writeMessage(
    9,
    (plugin: string, metadata: PbfWriter) => {
      metadata.writeMessage(1, (name: string, data: PbfWriter) => data.writeStringField(1, name), plugin)
    },
    'text',
  )
}

/** A record with its length, and the masked CRC-32C of each of both. */
function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16)
  record.writeBigUInt64LE(BigInt(data.length), 0)
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8)
  record.set(data, 12)
  record.writeUInt32LE(maskedCrc(data), 12 + data.length)
  return record
}

/** Castagnoli's polynomial, bits reversed. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  return crc
})

export function crc32c(data: Uint8Array): number {
  let crc = ~0
  for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!
  return ~crc >>> 0
}

/** As TensorFlow masks it, since a CRC of data that holds CRCs is weak. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
