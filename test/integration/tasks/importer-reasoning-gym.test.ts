import { chmod } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { importFolder } from '../../support/import-folder.ts'

/** A package with the one function that is used, so that the import runs as with the real one. */
const gym = `
def create_dataset(name, size, seed):
    for index in range(size):
        answer = 'seven' if index == 5 else seed * 1000 + index
        yield {'question': f'{name} {index}?', 'answer': answer, 'metadata': {}}
`

describe('reasoning-gym', () => {
  test('each set is a stratum, equal seeds give equal items, answers that are no number are left out', async () => {
    await using folder = await importFolder()
    await folder.put('lib/reasoning_gym/__init__.py', gym)
    const python = await folder.put('python', `#!/bin/sh\nPYTHONPATH=${folder.path}/lib exec python3 "$@"\n`)
    await chmod(python, 0o755)
    const options = { python, size: '20', generatorSeed: '2' }
    const first = await folder.import('reasoning-gym', 'gcd,chain_sum', { options })
    const second = await folder.import('reasoning-gym', 'gcd,chain_sum', { options })
    expect(first.log).toMatchObject({ read: 40, kept: 38 })
    expect(Object.fromEntries(first.log.dropped)).toEqual({ 'the answer is no number': 2 })
    expect(first.task.skills.map(({ name }) => name)).toEqual(['chain-sum', 'gcd'])
    expect(first.items[0]!.answer).toMatch(/^20\d\d$/)
    expect(second.items).toEqual(first.items)
  })

  test('sets without exact numbers, and a Python without the package, are refused', async () => {
    await using folder = await importFolder()
    const codeio = await folder.refused('reasoning-gym', 'gcd,codeio')
    expect(codeio.what).toBe('The set codeio has no exact numeric answers')
    const none = { python: `${folder.path}/none` }
    expect((await folder.refused('reasoning-gym', 'gcd', { options: none })).fix).toMatch(/Install reasoning-gym/)
    const python = await folder.put('python', '#!/bin/sh\necho "No module named reasoning_gym" >&2\nexit 1\n')
    await chmod(python, 0o755)
    expect((await folder.refused('reasoning-gym', 'gcd', { options: { python } })).what).toMatch(/No module named/)
  })
})
