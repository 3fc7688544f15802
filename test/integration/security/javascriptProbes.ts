// What JavaScript code tries from inside its place, by what it would be.

/** The first step of a session, for those below. */
export const javascriptPrelude = `const passing = async (all, tries) => {
  const found = [];
  for (const one of all) { try { if ((await tries(one)) !== false) found.push(one) } catch {} }
  return found;
};
const fs = require('fs'), os = require('os'), path = require('path'), cp = require('child_process');
const isRun = (file, ...args) => cp.spawnSync(file, args, { stdio: 'ignore', timeout: 5_000 }).status === 0;
const processes = () => fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name));
const reaches = (options) => new Promise((resolve) => {
  const socket = require('net').connect({ ...options, timeout: 300 }, () => done(true));
  const done = (is) => { socket.destroy(); resolve(is); };
  socket.on('error', () => done(false)).on('timeout', () => done(false));
});
`;

export const javascriptProbes: Readonly<Record<string, string>> = {
  'reading host files':
    "await passing(['{secretFile}', '/etc/shadow', '/root/.bashrc', '/proc/kcore', '/proc/1/mem'], (file) => void fs.readSync(fs.openSync(file), Buffer.alloc(1)))",
  'reading a host file by a link':
    "fs.rmSync('link', { force: true }); fs.symlinkSync('{secretFile}', 'link'); await passing(['link'], (file) => fs.readFileSync(file))",
  'writing through a link':
    "fs.rmSync('out', { force: true }); fs.symlinkSync(path.dirname('{marker}'), 'out'); await passing(['out/marker', 'out/../marker'], (file) => fs.writeFileSync(file, 'x'))",
  'reading a host file through the root or folder of another process':
    "await passing(processes().flatMap((one) => [`/proc/${one}/root`, `/proc/${one}/cwd`]), (root) => fs.existsSync(root + '{secretFile}'))",
  'finding the key in an environment or an argument':
    "const word = 'plan' + 'ted-'; await passing(processes().flatMap((one) => [`/proc/${one}/environ`, `/proc/${one}/cmdline`]), (file) => fs.readFileSync(file, 'latin1').includes(word))",
  'finding more in its environment than it was given':
    'Object.keys(process.env).filter((name) => !/^(?:PATH|HOME|TMPDIR|LANG|TZ|PYTHONHASHSEED|MPLBACKEND|\\w+_NUM_THREADS|NODE_USE_ENV_PROXY|HOSTNAME|container)$/.test(name))',
  'seeing processes of the host':
    "processes().filter((one) => one !== '1' && one !== String(process.pid))",
  'holding open files or folders of the host':
    "await passing(fs.readdirSync('/proc/self/fd'), (one) => { const to = fs.readlinkSync('/proc/self/fd/' + one); return to.startsWith('/') && !to.endsWith('(deleted)') && (!fs.existsSync(to) || fs.fstatSync(+one).isDirectory()) })",
  'connecting to the host, or to a cloud’s metadata':
    "await passing(['127.0.0.1', '::1', '169.254.169.254', '10.0.2.2', '192.168.127.254', '8.8.8.8'], (host) => reaches({ host, port: host === '::1' || host.startsWith('127') ? {port} : 80 }))",
  'asking for what the metadata address has, by fetch or http':
    "typeof fetch === 'undefined' ? await passing(['http'], () => new Promise((resolve) => require('http').get('http://169.254.169.254/', () => resolve(true)).on('error', () => resolve(false)).setTimeout(300, function () { this.destroy(new Error('late')) }))) : ['fetch']",
  'resolving names':
    "await passing(['example.com'], (name) => require('dns').promises.lookup(name))",
  'finding a network device but its own loopback':
    "Object.keys(os.networkInterfaces()).filter((name) => name !== 'lo')",
  'reaching the container runtime’s socket, or any other of the host':
    "const sockets = []; const walk = (folder) => { for (const one of fs.readdirSync(folder, { withFileTypes: true })) { const file = path.join(folder, one.name); if (/^\\/(?:proc|sys|usr)/.test(file)) continue; if (one.isSocket()) sockets.push(file); else if (one.isDirectory()) { try { walk(file) } catch {} } } }; walk('/'); [...sockets, ...await passing(['/var/run/docker.sock', '/run/docker.sock', '/run/podman/podman.sock', '/run/user/0/podman/podman.sock', '\\0/tmp/dbus'], (file) => reaches({ path: file }))]",
  'writing outside its folders':
    "await passing(['/usr/x', '/etc/x', '/x', '/bin/x', '/proc/x', '/sys/x', '/dev/x', '{marker}'], (file) => fs.writeFileSync(file, 'x'))",
  mounting:
    "await passing([['mount', '-t', 'tmpfs', 'none', '/tmp'], ['mount', '--bind', '/', '/tmp'], ['umount', '/usr'], ['mount', '-o', 'remount,rw', '/']], (command) => isRun(...command))",
  'making namespaces of its own':
    "await passing(['-m', '-n', '-p', '-U', '-r'], (flag) => isRun('unshare', flag, 'true'))",
  'becoming somebody else':
    'await passing([() => process.setuid(0), () => process.setgid(0), () => process.setgroups([0]), () => process.seteuid(0), () => process.initgroups(0, 0)], (call) => { call(); return process.getuid() === 0 })',
  'having capabilities, or a way to gain rights':
    "fs.readFileSync('/proc/self/status', 'latin1').split('\\n').filter((line) => /^Cap(?:Eff|Prm|Inh|Amb):/.test(line) ? parseInt(line.slice(7), 16) !== 0 : line.startsWith('NoNewPrivs') && !line.endsWith('1'))",
  'running where no filter of system calls is':
    "fs.readFileSync('/proc/self/status', 'latin1').split('\\n').filter((line) => /^Seccomp:/.test(line) && !line.endsWith('2'))",
  'making device files, and reading those of the host':
    "[...await passing(['disk'], (file) => isRun('mknod', file, 'b', '8', '0')), ...fs.readdirSync('/dev').filter((name) => /^(?:kmsg|mem|kcore|sd.|vd.|nvme.*|kvm|fuse)$/.test(name))]",
  'changing the system by /proc':
    "await passing(['/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/proc/sys/vm/overcommit_memory'], (file) => fs.writeFileSync(file, '1'))",
  'signalling processes of the host':
    "await passing([{pid}, {parent}], (pid) => { process.kill(pid, 0); return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('mocha') })",
  'a thread of its own':
    "const { Worker } = require('worker_threads'); await passing(['{secretFile}', '/etc/shadow'], (file) => new Promise((resolve) => new Worker(`require('fs').readFileSync(${JSON.stringify(file)})`, { eval: true }).on('error', () => resolve(false)).on('exit', (code) => resolve(code === 0))))",
  'bindings of Node’s own':
    "await passing(['{secretFile}', '/etc/shadow'], (file) => typeof process.binding('fs').open(file, 0, 0o666) === 'number')",
  'another realm':
    "await passing(['{secretFile}'], (file) => require('vm').runInNewContext('load.constructor(`return process`)().binding && load(`fs`).readFileSync(file)', { load: require, file }))",
  'a debugger of itself':
    "const session = new (require('inspector').Session)(); session.connect(); let seen; session.post('Runtime.evaluate', { expression: `process.binding('fs') && require('fs').readFileSync('{secretFile}')`, includeCommandLineAPI: true }, (_, { exceptionDetails } = {}) => { seen = exceptionDetails ? [] : ['file'] }); session.disconnect(); seen",
  'a program that Node starts':
    "await passing(['cat {secretFile}', 'echo x > {marker}'], (line) => isRun('/bin/sh', '-c', line))",
  'a Node without the runner’s flags':
    "await passing(['{secretFile}'], (file) => isRun(process.execPath, '-e', `require('fs').readFileSync(${JSON.stringify(file)})`))",
};
