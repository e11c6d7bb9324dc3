import { homeFolder } from '../../machine/folders.ts'
import { provisionRuntime, provisionStudent } from '../../provision/mod.ts'

/* Fetches one part of a home into a layer of an image: `fetch.ts runtime`, then `fetch.ts student`. Ends with an error where it cannot. */

const home = homeFolder()
const onProgress = (line: string) => console.log(line)
const { python } = await provisionRuntime({ home, onProgress })
if (process.argv[2] === 'student') await provisionStudent({ home, python, onProgress })
