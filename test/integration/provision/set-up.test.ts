import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { provisionRuntime, runtimePackage } from '../../../provision/mod.ts'
import { runCommand } from '../../../provision/run-command.ts'

const wheel = 'torch-9.9.9+cpu-py3-none-any.whl'
let folder: string
let requirements: string
let index: string
const server = createServer(async (request, response) => {
  response.setHeader('content-type', request.url?.endsWith('.whl') ? 'application/zip' : 'text/html')
  if (request.url?.endsWith('.whl')) response.end(await readFile(join(folder, wheel)))
  else if (request.url === '/whl/cpu/torch/') response.end(`<a href="${encodeURIComponent(wheel)}">${wheel}</a>`)
  else response.writeHead(404).end()
})

/** A torch of one line, on an index of this test; all else is the real thing. */
const makeWheel = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("torch/__init__.py", "__version__ = '9.9.9+cpu'")
    info = "torch-9.9.9+cpu.dist-info/"
    z.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: torch\\nVersion: 9.9.9+cpu\\n")
    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr(info + "RECORD", "".join(name + ",,\\n" for name in z.namelist()) + info + "RECORD,,\\n")`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-set-up-'))
  await runCommand('python3', ['-c', makeWheel, join(folder, wheel)])
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/whl/cpu`
  const rest = await readFile(join(runtimePackage, 'requirements-test.txt'), 'utf8')
  requirements = join(folder, 'requirements.txt')
  await writeFile(requirements, `torch==9.9.9 \\\n    --hash=sha256:${'0'.repeat(64)}\n${rest}`)
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

/** A machine without uv and GPU, with an empty home of its user. */
async function bareMachine(name: string): Promise<NodeJS.ProcessEnv> {
  const [bin, userHome] = [join(folder, name, 'bin'), join(folder, name, 'user')]
  await Promise.all([bin, userHome].map((path) => mkdir(path, { recursive: true })))
  await symlink(await runCommand('python3', ['-c', 'import sys; print(sys.executable)']), join(bin, 'python3'))
  return { ...process.env, PATH: bin, HOME: userHome, XDG_CACHE_HOME: '', SYLLABUS_TORCH_INDEX: index }
}

test.each([
  ['a uv that is fetched for it', {}, /installed by uv .* fetched for this set-up/],
  ['pip', { SYLLABUS_NO_UV: '1' }, /installed by pip \(SYLLABUS_NO_UV is set\)/],
])(
  'without uv on PATH the CPU build is installed by %s, and nothing is left of the downloads',
  {
    timeout: 240_000,
  },
  async (name, more, by) => {
    const env = { ...(await bareMachine(name)), ...more }
    const home = join(folder, name, 'home')
    const lines: string[] = []
    const onProgress = (line: string) => lines.push(line)
    const { python } = await provisionRuntime({ home, env, onProgress, requirements, modules: ['torch', 'pytest'] })
    const printed = lines.join('\n')
    expect(printed).toMatch(/torch==9\.9\.9 for CPU \(no GPU here\), about 0\.3 GB/)
    expect(printed).toMatch(by)
    expect(await runCommand(python, ['-c', 'import torch; print(torch.__version__)'])).toBe('9.9.9+cpu')
    expect(
      (await readdir(join(home, 'runtime'))).filter((entry) => !/^venv-[0-9a-f]{12}(\.lock)?$/.test(entry)),
    ).toEqual([])
    expect(await readdir(join(folder, name, 'user'))).toEqual([])
  },
)

test('a CPU build for other Pythons alone: the default one is taken, and it is reported', {
  timeout: 120_000,
}, async () => {
  const other = 'torch-9.9.9+cpu-cp27-cp27m-win32.whl'
  const page = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end(`<a href="${encodeURIComponent(other)}">${other}</a>`),
  )
  page.listen(0, '127.0.0.1')
  await once(page, 'listening')
  onTestFinished(() => void page.close())
  const at = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
  const env = { ...(await bareMachine('other')), SYLLABUS_NO_UV: '1', SYLLABUS_TORCH_INDEX: at }
  const lines: string[] = []
  const onProgress = (line: string) => lines.push(line)
  // There is no torch 9.9.9 anywhere else.
  const building = provisionRuntime({ home: join(folder, 'other', 'home'), env, onProgress, requirements })
  await expect(building).rejects.toThrow('torch==9.9.9')
  expect(lines.join('\n')).toMatch(/3 GB.*no CPU build for Python 3\.\d+\.\d+ at http:/)
})

test('where no uv can be fetched, pip is used, and the reason is printed', { timeout: 120_000 }, async () => {
  const env = { ...(await bareMachine('far')), PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '0' }
  const lines: string[] = []
  const onProgress = (line: string) => lines.push(line)
  const request = { home: join(folder, 'far', 'home'), env: { ...env, PIP_FIND_LINKS: '' }, onProgress, requirements }
  await expect(provisionRuntime(request)).rejects.toThrow('could not be fetched')
  expect(lines.join('\n')).toMatch(/installed by pip \(uv could not be fetched: Packages could not be fetched/)
})
