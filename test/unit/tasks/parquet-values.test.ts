import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parquetRecords } from '../../../tasks/importers/parquet-records.ts'

/** Written by pyarrow, with `test/support/parquet/make.py`. */
const file = fileURLToPath(new URL('../../support/parquet/types.parquet', import.meta.url))
const records = await Array.fromAsync(parquetRecords(file))
const column = (name: string) =>
  records.map((record) => ('value' in record ? (record.value[name] ?? null) : record.problem))

test.each([
  ['decimal', ['0.10', '-7.10', null]],
  ['decimal_38', ['12345678901234567890.0001', '12345678901234567890.0002', '-0.0001']],
  ['decimal_whole', ['99999999999999999999999999999999999901', '99999999999999999999999999999999999902', '0']],
  ['decimal_256', [`${'1'.repeat(60)}.00001`, `${'1'.repeat(60)}.00002`, '-1.50000']],
  ['decimals', [['1.10', '2.20'], [], null]],
  ['record', Array(3).fill({ value: '1.10', aliases: ['1.100'] })],
  ['float32', [0.1, 16777216, -3.3e-7]],
  ['float16', [0.1, 2048, -3.3]],
  ['float64', [0.1, 7.1, 1e300]],
  ['int64', ['9007199254740993', '9007199254740994', '-9223372036854775808']],
  ['uint64', ['18446744073709551615', '18446744073709551614', 0]],
  ['second', ['2023-11-14T22:13:20', '2023-11-14T22:13:21', '1969-12-31T23:59:59']],
  ['milli_utc', ['2023-11-14T22:13:20.001Z', '2023-11-14T22:13:20Z', '1969-12-31T23:59:59.999Z']],
  ['micro', ['2023-11-14T22:13:20.000001', '2023-11-14T22:13:20.000002', '1969-12-31T23:59:59.999999']],
  [
    'nano_berlin',
    ['2023-11-14T22:13:20.000000001Z', '2023-11-14T22:13:20.000000002Z', '1969-12-31T23:59:59.999999999Z'],
  ],
  ['day', ['2024-02-29', '1850-01-01', '9999-12-31']],
  ['time', ['09:30:00', '23:59:59.000001', '00:00:00']],
  ['class', ['positive', 'negative', null]],
  ['classes', [['negative', 'positive'], ['positive'], []]],
])('%s has the digits of the file', (name, values) => {
  expect(column(name)).toEqual(values)
})
