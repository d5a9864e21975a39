# Whether no connector runs.
# Answer: done, busy (names of connectors that run).
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
if (Get-Module -ListAvailable -Name ADSync) {
    Import-Module -Name ADSync
} else {
    Import-Module -Name "$env:ProgramFiles\Microsoft Azure AD Sync\Bin\ADSync"
}

$busy = @(Get-ADSyncConnectorRunStatus | ForEach-Object -Process { [string]$_.ConnectorName })
ConvertTo-Json -Compress -Depth 3 -InputObject @{ done = $busy.Count -eq 0; busy = $busy }
