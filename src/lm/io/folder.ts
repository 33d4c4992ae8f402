/** Whether a name that a model folder's own files mention stays in that folder: no path, no parent, no drive. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\:\0]/.test(name);
}
