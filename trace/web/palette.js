const names = ['text', 'quiet', 'faint', 'line', 'line-strong', 'card', 'sunken', 'accent', 'bad']
const roles = ['operator', 'planner', 'generator', 'critic', 'trainer-bridge', 'evaluator', 'gateway']

/** The page's colours as a canvas can use them, read anew for each theme. */
export function readPalette() {
  const probe = document.createElement('i')
  document.body.append(probe)
  const resolve = (name) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colours = Object.fromEntries(names.map((name) => [name, resolve(name)]))
  const role = Object.fromEntries(roles.map((name) => [name, resolve(`role-${name}`)]))
  probe.remove()
  return { ...colours, role }
}
