# Lets no further cycle begin by itself. One that is under way goes on.
# Answer: done (whether the scheduler is disabled now).
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
if (Get-Module -ListAvailable -Name ADSync) {
    Import-Module -Name ADSync
} else {
    Import-Module -Name "$env:ProgramFiles\Microsoft Azure AD Sync\Bin\ADSync"
}

Set-ADSyncScheduler -SyncCycleEnabled $false | Out-Null
ConvertTo-Json -Compress -InputObject @{ done = -not (Get-ADSyncScheduler).SyncCycleEnabled }
