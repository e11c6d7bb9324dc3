import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { claimDevices } from '../../../trainer-bridge/devices/claim.ts'
import { listDevices } from '../../../trainer-bridge/devices/list.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-gpus-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const nvidia = `0, GPU-aaaa1111-0000, NVIDIA H200, 143771, 143166, 580.95.05
1, GPU-bbbb2222-0000, NVIDIA H200, 143771, 2000, 580.95.05`
const amd = JSON.stringify({
  card0: {
    'Card Series': 'AMD Instinct MI300X',
    'VRAM Total Memory (B)': '206141652992',
    'VRAM Total Used Memory (B)': '297795584',
  },
  system: { 'Driver version': '6.10.5' },
})

/** The environment of a machine whose drivers' programs print this; only they and the shell are on its PATH. */
async function machine(programs: Record<string, string>, more: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin')
  await mkdir(bin, { recursive: true })
  for (const [name, prints] of Object.entries(programs)) {
    await writeFile(join(bin, name), prints === '' ? '#!/bin/sh\nexit 9\n' : `#!/bin/sh\ncat <<'END'\n${prints}\nEND\n`)
    await chmod(join(bin, name), 0o755)
  }
  return { PATH: [bin, '/usr/bin', '/bin'].join(delimiter), ...more }
}

const claim = async (programs: Record<string, string>, more: NodeJS.ProcessEnv = {}, gpus?: number[]) =>
  claimDevices({ gpus, env: await machine(programs, more), folder: join(folder, 'held') })

describe('the GPUs of a host', () => {
  test.each([
    ['two of NVIDIA', { 'nvidia-smi': nvidia }, {}, ['GPU-aaaa1111-0000', 'GPU-bbbb2222-0000']],
    ['one of AMD', { 'rocm-smi': amd }, {}, ['0']],
    ['one of AMD, with warnings before it', { 'rocm-smi': `WARNING: slow\n${amd}` }, {}, ['0']],
    ['none', {}, {}, []],
    ['a driver that fails', { 'nvidia-smi': '' }, {}, []],
    ['a driver that prints something else', { 'nvidia-smi': 'No devices were found' }, {}, []],
    [
      'one that a scheduler gave by number',
      { 'nvidia-smi': nvidia },
      { CUDA_VISIBLE_DEVICES: '1' },
      ['GPU-bbbb2222-0000'],
    ],
    [
      'both, in its order',
      { 'nvidia-smi': nvidia },
      { CUDA_VISIBLE_DEVICES: '1,0' },
      ['GPU-bbbb2222-0000', 'GPU-aaaa1111-0000'],
    ],
    [
      'one by the beginning of its id',
      { 'nvidia-smi': nvidia },
      { CUDA_VISIBLE_DEVICES: 'GPU-bbbb' },
      ['GPU-bbbb2222-0000'],
    ],
    ['a part of one', { 'nvidia-smi': nvidia }, { CUDA_VISIBLE_DEVICES: 'MIG-1234' }, ['MIG-1234']],
    ['none, by an empty list', { 'nvidia-smi': nvidia }, { CUDA_VISIBLE_DEVICES: '' }, []],
    ['none, by -1', { 'nvidia-smi': nvidia }, { CUDA_VISIBLE_DEVICES: '-1,0' }, []],
    ['none of AMD, by its own variable', { 'rocm-smi': amd }, { HIP_VISIBLE_DEVICES: '' }, []],
  ])('%s', async (_, programs, more, ids) => {
    expect((await listDevices(await machine(programs, more))).map(({ id }) => id)).toEqual(ids)
  })

  test('they are known with their memory and driver', async () => {
    expect((await listDevices(await machine({ 'nvidia-smi': nvidia })))[1]).toEqual({
      ...{ maker: 'nvidia', index: 1, id: 'GPU-bbbb2222-0000', name: 'NVIDIA H200' },
      ...{ totalMb: 143771, freeMb: 2000, driver: '580.95.05' },
    })
    expect((await listDevices(await machine({ 'nvidia-smi': '', 'rocm-smi': amd })))[0]).toEqual({
      ...{ maker: 'amd', index: 0, id: '0', name: 'AMD Instinct MI300X' },
      ...{ totalMb: 196592, freeMb: 196308, driver: '6.10.5' },
    })
  })
})

describe('a trainer-bridge has devices of its own', () => {
  test('each of two takes another one; a third is refused until one ends', async () => {
    const programs = { 'nvidia-smi': nvidia }
    const first = await claim(programs)
    await using second = await claim(programs)
    expect(first.env).toEqual({ CUDA_VISIBLE_DEVICES: 'GPU-aaaa1111-0000' })
    expect(second.env).toEqual({ CUDA_VISIBLE_DEVICES: 'GPU-bbbb2222-0000' })
    await expect(claim(programs)).rejects.toMatchObject({
      message: expect.stringMatching(
        /GPU 0 .*GPU 1 .* are all in use by another trainer-bridge, process \d+ on .*: a GPU has one/,
      ),
      fix: expect.stringContaining('Lower replicas'),
    })
    await first[Symbol.asyncDispose]()
    await using third = await claim(programs)
    expect(third.devices.map(({ index }) => index)).toEqual([0])
  })

  test('one training over several has all of them, or none', async () => {
    const programs = { 'nvidia-smi': nvidia }
    {
      await using both = await claim(programs, {}, [0, 1])
      const all = 'GPU-aaaa1111-0000,GPU-bbbb2222-0000'
      expect(both).toMatchObject({ env: { CUDA_VISIBLE_DEVICES: all, SYLLABUS_DEVICE: 'cuda' }, isAsked: true })
      await expect(claim(programs, {}, [1])).rejects.toThrow(/GPU 1 .* is in use by another/)
    }
    const one = await claim(programs, {}, [1])
    await expect(claim(programs, {}, [0, 1])).rejects.toThrow(/GPU 1 .* is in use/)
    // What was taken before the refusal is free again.
    await using _other = await claim(programs, {}, [0])
    await one[Symbol.asyncDispose]()
  })

  test('one that is about to end is waited for', async () => {
    const programs = { 'nvidia-smi': nvidia.split('\n')[0]! }
    const first = await claim(programs)
    const env = await machine(programs)
    const second = claimDevices({ env, folder: join(folder, 'held'), waitMs: 20_000 })
    await first[Symbol.asyncDispose]()
    await using held = await second
    expect(held.devices).toHaveLength(1)
  })

  test.each([
    ['AMD by its own variable', { 'rocm-smi': amd }, {}, undefined, { HIP_VISIBLE_DEVICES: '0' }],
    ['no GPU and none asked for', {}, {}, undefined, {}],
    ['the processor, asked for', { 'nvidia-smi': nvidia }, { SYLLABUS_DEVICE: 'cpu' }, undefined, {}],
    ['a place among those that are visible', { 'nvidia-smi': nvidia }, { SYLLABUS_DEVICE: 'cuda:1' }, undefined, {}],
  ])('%s', async (_, programs, more, gpus, env) => {
    await using claimed = await claim(programs as Record<string, string>, more, gpus)
    expect(claimed.env).toEqual(env)
  })

  test.each([
    ['gpus without a GPU', {}, {}, [0], /gpus asks for GPU 0, and no GPU is found here/, /Install the driver/],
    [
      'gpus that are not there',
      { 'nvidia-smi': nvidia },
      {},
      [2],
      /gpus asks for GPU 2, and there is GPU 0 \(NVIDIA H200, GPU-aaaa1111/,
      /Name one of those/,
    ],
    [
      'gpus that a scheduler withholds',
      { 'nvidia-smi': nvidia },
      { CUDA_VISIBLE_DEVICES: '1' },
      [0],
      /asks for GPU 0, and there is GPU 1/,
      /Name one/,
    ],
    [
      'gpus and a processor',
      { 'nvidia-smi': nvidia },
      { SYLLABUS_DEVICE: 'cpu' },
      [0],
      /SYLLABUS_DEVICE is cpu/,
      /Unset SYLLABUS_DEVICE/,
    ],
    [
      'a GPU by the environment',
      {},
      { SYLLABUS_DEVICE: 'cuda' },
      undefined,
      /SYLLABUS_DEVICE is cuda, and no GPU is found/,
      /allow the container its GPUs/,
    ],
    [
      'a place that is none',
      { 'nvidia-smi': nvidia },
      { SYLLABUS_DEVICE: 'cuda:7' },
      undefined,
      /asks for GPU 7, and there is/,
      /Name one/,
    ],
  ])('%s is refused with the fix', async (_, programs, more, gpus, message, fix) => {
    await expect(claim(programs as Record<string, string>, more, gpus)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    })
  })
})
