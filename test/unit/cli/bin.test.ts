import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { innerEnvironment } from '../../../machine/outer-process.mjs'

const root = join(import.meta.dirname, '../../..')
const cli = join(root, 'cli')

/** What every Node since 20 exports; a named import of anything newer keeps the file from being read at all. */
const everywhere: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['spawn', 'spawnSync'],
  'node:fs': ['existsSync', 'readFileSync'],
  'node:module': ['default'],
  'node:path': ['join'],
  'node:v8': ['setFlagsFromString'],
  'node:url': ['fileURLToPath'],
}

test.each(['cli/bin.mjs', 'cli/node-version-check.mjs', 'machine/outer-process.mjs'])(
  '%s can be read by a Node that is too old, which it then tells',
  async (file) => {
    const text = await readFile(join(root, file), 'utf8')
    const imports = [...text.matchAll(/^import (.+) from '(.+)'$/gm)].map(([, what, from]) => ({
      what: what!,
      from: from!,
    }))
    expect(imports.length).toBeGreaterThan(0)
    for (const { what, from } of imports) {
      if (from === './node-version-check.mjs' || from === '../machine/outer-process.mjs') continue
      expect(builtinModules).toContain(from.replace('node:', ''))
      const names = what.startsWith('{')
        ? what
            .slice(1, -1)
            .split(',')
            .map((name) => name.trim())
        : ['default']
      for (const name of names) expect(everywhere[from], `${name} of ${from}`).toContain(name)
    }
  },
)

test('what is compiled after an install is there', async () => {
  const text = await readFile(join(cli, 'compile.mjs'), 'utf8')
  const paths = [...text.matchAll(/'(\.{1,2}\/[^']+\.ts)'/g)].map(([, path]) => path!)
  expect(paths.length).toBeGreaterThan(5)
  expect(paths.filter((path) => !existsSync(join(cli, path)))).toEqual([])
})

test.each([
  ['http://127.0.0.1:3128', true],
  ['https://user:secret@proxy.example:3128', true],
  ['', true],
  ['127.0.0.1:3128', false],
  ['user:secret@proxy:3128', false],
  ['proxy.example', false],
  ['http://[::1', false],
  ['socks5://proxy:1080', false],
])('the inner Node reads proxies itself only where it can: %j', (proxy, reads) => {
  for (const name of ['http_proxy', 'HTTPS_PROXY']) {
    const env = { NODE_USE_ENV_PROXY: '1', PATH: '/bin', [name]: proxy }
    const { NODE_USE_ENV_PROXY: own, ...others } = innerEnvironment(env)
    expect(own).toBe(reads ? '1' : undefined)
    expect(others).toEqual({ PATH: '/bin', [name]: proxy })
  }
})
