import { s } from './dom.ts'

const key = 'syllabus-theme'
const dark = () => matchMedia('(prefers-color-scheme: dark)')

const icon = () =>
  s(
    'svg',
    { viewBox: '0 0 20 20', width: 17, height: 17, 'aria-hidden': 'true' },
    s('circle', { cx: 10, cy: 10, r: 7, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6 }),
    s('path', { d: 'M10 3a7 7 0 0 1 0 14z', fill: 'currentColor' }),
  )

/** Light or dark: the system's choice until the button is pressed, then the reader's. `onChange` is called at both. */
export function createThemeSwitch(button: HTMLElement, onChange: () => void): void {
  const root = document.documentElement
  const saved = localStorage.getItem(key)
  if (saved === 'light' || saved === 'dark') root.dataset.theme = saved
  button.append(icon())
  button.addEventListener('click', () => {
    const now = root.dataset.theme ?? (dark().matches ? 'dark' : 'light')
    root.dataset.theme = now === 'dark' ? 'light' : 'dark'
    localStorage.setItem(key, root.dataset.theme)
    onChange()
  })
  dark().addEventListener('change', onChange)
}
