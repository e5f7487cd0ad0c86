// SPDX-License-Identifier: Apache-2.0
// The fixed PowerShell program (3.0 or newer) that prepares a Windows machine. It holds no data: all values, the new password above all,
// come on standard input as base64 of JSON: `{hosts, user, password}`, password null when it stays.

/** Prints `IM1 <step> <status> <detail>` (tab separated) as the shell programs of the bootstrap do; see script.ts. */
export const PREPARE_SCRIPT = String.raw`
$ErrorActionPreference = 'Stop'
$wanted = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadToEnd().Trim())) | ConvertFrom-Json
function Say($step, $status, $detail) {
  $text = ([string]$detail) -replace '[\r\n\t]+', ' '
  [Console]::Out.WriteLine("IM1${'`'}t$step${'`'}t$status${'`'}t" + $text.Substring(0, [Math]::Min(400, $text.Length)))
}
Say 'os' 'fact' ('windows ' + [Environment]::OSVersion.Version)
Say 'powershell' 'fact' $PSVersionTable.PSVersion
try {
  $place = Join-Path $env:SystemRoot 'System32\drivers\etc'
  $hosts = Join-Path $place 'hosts'
  $original = Join-Path $place 'hosts.orig'
  if (-not (Test-Path $original)) {
    if (Test-Path $hosts) { Copy-Item $hosts $original } else { [IO.File]::WriteAllText($original, '') }
  }
  $ours = ($wanted.hosts -replace '\r?\n', [Environment]::NewLine)
  [IO.File]::WriteAllText((Join-Path $place 'hosts.im'), $ours)
  $text = [IO.File]::ReadAllText($original).TrimEnd() + [Environment]::NewLine + $ours
  if ((Test-Path $hosts) -and ([IO.File]::ReadAllText($hosts) -ceq $text)) { Say 'hosts' 'ok' '' }
  else { [IO.File]::WriteAllText($hosts, $text); Say 'hosts' 'changed' '' }
} catch { Say 'hosts' 'failed' $_.Exception.Message }
if ($wanted.password) {
  try {
    ([ADSI]("WinNT://./" + $wanted.user + ",user")).SetPassword($wanted.password)
    Say 'password' 'changed' ''
  } catch { Say 'password' 'failed' $_.Exception.Message }
}
Say 'end' 'fact' 0
`;
