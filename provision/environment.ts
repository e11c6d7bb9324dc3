import { fileURLToPath } from 'node:url'

/** The folder of the Python package, for PYTHONPATH. */
export const runtimePackage = fileURLToPath(new URL('../trainer-bridge/runtime/', import.meta.url))

/**
 * What the runtime uses of the environment: where things lie, how devices and threads are used, and how the model hub is reached, its
 * token included. All else stays out, keys of language models and embedders first of all.
 */
const used = [
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+)$/,
  /^(LD|DYLD|MALLOC|PYTHON|PYTORCH|TORCH|TORCHINDUCTOR|TRITON)\w*$/,
  /^(CUDA|CUBLAS|CUDNN|NCCL|NVIDIA|HIP|HSA|ROCM|ROCR|MIOPEN|OMP|GOMP|KMP|MKL|OPENBLAS)_\w+$/,
  /^((HTTPS?|NO|ALL)_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(HF|TRANSFORMERS|TOKENIZERS)_\w+)$/i,
  /^SYLLABUS_(DEVICE|HEARTBEAT_SECONDS|LOG_LEVEL)$/,
]

/**
 * The environment of each Python of the runtime, made of that of whoever starts it. Images often forbid bytecode
 * (PYTHONDONTWRITEBYTECODE=1); every start would then compile torch and transformers again, which takes longer than all else about it.
 */
export const runtimeEnvironment = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => used.some((names) => names.test(name)))),
  PYTHONPATH: runtimePackage,
  PYTHONDONTWRITEBYTECODE: '',
  PYTHONUNBUFFERED: '1',
})
