import { crc32 } from 'node:zlib'
import { PbfWriter } from 'pbf'

/*
 * A run as W&B's own client leaves it on disk when it is offline: LevelDB's log format, each entry a Record of
 * https://github.com/wandb/wandb/blob/main/wandb/proto/wandb_internal.proto
 */

type Json = Readonly<Record<string, unknown>>

export type RunHead = {
  id: string
  project: string
  entity: string
  group: string
  jobType: string
  displayName: string
  tags: readonly string[]
  config: Json
  startedAt: string
}

export type WandbRecord =
  | { type: 'run'; run: RunHead }
  | { type: 'history'; step: number; values: Json }
  | { type: 'summary'; values: Json }
  | { type: 'files'; paths: readonly string[] }
  | { type: 'exit'; code: number; runtime: number }

const fields = { history: 2, summary: 3, files: 6, run: 17, exit: 18 } as const

/** What stands at the beginning of a file: `:W&B`, a magic number, the version. */
const head = Buffer.from([...Buffer.from(':W&B'), 0xe1, 0xbe, 0])

/** The first record of a file: who wrote it. */
function headerRecord(version: string): Uint8Array {
  const record = new PbfWriter()
  record.writeMessage(
    21,
    (producer: string, header: PbfWriter) => {
      header.writeMessage(
        1,
        (name: string, info: PbfWriter) => {
          info.writeStringField(1, name)
          info.writeStringField(2, '0.40.0')
        },
        producer,
      )
    },
    `syllabus ${version}`,
  )
  return record.finish()
}

function recordBytes(number: number, own: WandbRecord): Uint8Array {
  const record = new PbfWriter()
  record.writeVarintField(1, number)
  record.writeMessage(fields[own.type], writeContent, own)
  return record.finish()
}

function writeContent(record: WandbRecord, out: PbfWriter): void {
  if (record.type === 'run') writeRun(record.run, out)
  else if (record.type === 'exit') {
    out.writeVarintField(1, record.code)
    out.writeVarintField(2, record.runtime)
  } else if (record.type === 'files') {
    for (const path of record.paths) out.writeMessage(1, writeFileItem, path)
  } else {
    writeItems(1, record.values, out)
    if (record.type === 'history')
      out.writeMessage(2, (step: number, own: PbfWriter) => own.writeVarintField(1, step), record.step)
  }
}

/** A file that is uploaded at the run's end. */
function writeFileItem(path: string, item: PbfWriter): void {
  item.writeStringField(1, path)
  item.writeVarintField(2, 1)
}

function writeRun(
  { id, project, entity, group, jobType, displayName, tags, config, startedAt }: RunHead,
  out: PbfWriter,
): void {
  out.writeStringField(1, id)
  if (entity) out.writeStringField(2, entity)
  out.writeStringField(3, project)
  out.writeMessage(4, (values: Json, own: PbfWriter) => writeItems(1, values, own), config)
  out.writeStringField(6, group)
  out.writeStringField(7, jobType)
  out.writeStringField(8, displayName)
  for (const tag of tags) out.writeStringField(10, tag)
  out.writeMessage(
    17,
    (seconds: number, own: PbfWriter) => own.writeVarintField(1, seconds),
    Math.floor(Date.parse(startedAt) / 1000),
  )
}

/** Items of a history, a summary or a configuration: a key, and its value as JSON. */
function writeItems(field: number, values: Json, out: PbfWriter): void {
  for (const [key, value] of Object.entries(values))
    out.writeMessage(
      field,
      (_: null, item: PbfWriter) => {
        item.writeStringField(1, key)
        item.writeStringField(16, JSON.stringify(value))
      },
      null,
    )
}

const blockBytes = 32_768
const headerBytes = 7
const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const

/** Records as they stand in a file from `offset` on; at 0 with its head. `number`: of the first of them. */
export function recordsAt(offset: number, number: number, records: readonly WandbRecord[], version: string): Buffer {
  const parts: Buffer[] = []
  let at = offset
  const put = (bytes: Buffer) => {
    parts.push(bytes)
    at += bytes.length
  }
  const write = (data: Uint8Array) => {
    let rest = data
    for (let isFirst = true; isFirst || rest.length > 0; isFirst = false) {
      const left = blockBytes - (at % blockBytes)
      if (left < headerBytes) put(Buffer.alloc(left))
      const room = blockBytes - (at % blockBytes) - headerBytes
      const own = rest.subarray(0, room)
      rest = rest.subarray(room)
      const isLast = rest.length === 0
      put(framed(own, isFirst ? (isLast ? kinds.full : kinds.first) : isLast ? kinds.last : kinds.middle))
    }
  }
  if (offset === 0) {
    put(head)
    write(headerRecord(version))
  }
  for (const [index, record] of records.entries()) write(recordBytes(number + index, record))
  return Buffer.concat(parts)
}

function framed(data: Uint8Array, kind: number): Buffer {
  const bytes = Buffer.alloc(headerBytes + data.length)
  bytes.writeUInt32LE(crc32(data, crc32(Buffer.from([kind]))), 0)
  bytes.writeUInt16LE(data.length, 4)
  bytes.writeUInt8(kind, 6)
  bytes.set(data, headerBytes)
  return bytes
}
