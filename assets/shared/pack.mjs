// Makes dist/ from build/ in the folder of the page: each file gzipped, no timestamps, so that the same build gives the same bytes.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

rmSync('dist', { recursive: true, force: true });
let total = 0;
for (const entry of readdirSync('build', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const from = join(entry.parentPath, entry.name);
  const to = `${from.replace(/^build/, 'dist')}.gz`;
  const packed = gzipSync(readFileSync(from), { level: 9 });
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, packed);
  total += packed.length;
  console.log(`${String(packed.length).padStart(8)} ${to}`);
}
console.log(`${String(total).padStart(8)} in all`);
