# Lets cycles begin by themselves again.
# Answer: done (whether the scheduler is enabled now).
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
if (Get-Module -ListAvailable -Name ADSync) {
    Import-Module -Name ADSync
} else {
    Import-Module -Name "$env:ProgramFiles\Microsoft Azure AD Sync\Bin\ADSync"
}

Set-ADSyncScheduler -SyncCycleEnabled $true | Out-Null
ConvertTo-Json -Compress -InputObject @{ done = [bool](Get-ADSyncScheduler).SyncCycleEnabled }
