# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Slurm of one node on the loopback interface, which lasts as long as a test."""
import os
import shutil
import socket
import subprocess
import time

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")
PATIENCE = 60

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES State=UP
"""


def missing():
    """Why there can be none here; empty if there can."""
    if os.geteuid() != 0:
        return "needs root"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    return "needs " + ", ".join(lacking) if lacking else ""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError((what if isinstance(what, str) else what()) + " did not come")
        time.sleep(0.05)


class OneNodeSlurm:
    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        host = socket.gethostname().split(".")[0]
        controller_port, node_port = free_ports(2)
        for name in ("state", "spool"):
            os.mkdir(os.path.join(folder, name))
        with open(self.path("slurm.conf"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(host=host, folder=folder, controller_port=controller_port,
                                            node_port=node_port))
        with open(self.path("munge.key"), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(os.urandom(1024))
        self.environment = {**os.environ, "SLURM_CONF": self.path("slurm.conf")}

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        self.spawn("munged", "--foreground", "--force", "--key-file", self.path("munge.key"),
                   "--socket", self.path("munge.socket"), "--pid-file", self.path("munged.pid"),
                   "--seed-file", self.path("munged.seed"))
        wait_for(lambda: os.path.exists(self.path("munge.socket")), "munge's socket")
        self.spawn("slurmctld", "-D", "-c")
        self.spawn("slurmd", "-D")
        wait_for(lambda: "idle" in self.run("sinfo", "--noheader", "--format=%T", check=False),
                 "the node's being idle")

    def spawn(self, *command):
        with open(self.path(command[0] + ".log"), "wb") as log:
            self.daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                                 stderr=subprocess.STDOUT, env=self.environment))

    def stop(self):
        """Ends the jobs and the daemons."""
        self.run("scancel", "--user=root", check=False)
        # Steps that outlive the controller would never end.
        deadline = time.monotonic() + PATIENCE
        while self.run("squeue", "--noheader", check=False) and time.monotonic() < deadline:
            time.sleep(0.1)
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def run(self, *command, check=True, **environment):
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=check, timeout=PATIENCE,
                              env={**self.environment, **environment}).stdout

    def requeue(self, task):
        """Has a task start again in a few seconds; Slurm would leave it two minutes."""
        self.run("scontrol", "requeue", task)
        wait_for(lambda: "PENDING" in self.run("scontrol", "show", "job", task), f"{task} in the queue")
        self.run("scontrol", "update", f"JobId={task}", "StartTime=now+3")

    def states(self, job):
        """What the tasks of a job are doing, by their index; of one without tasks by None."""
        states = {}
        for line in self.run("scontrol", "show", "job", str(job), "--oneliner").splitlines():
            fields = dict(field.split("=", 1) for field in line.split() if "=" in field)
            index = fields.get("ArrayTaskId")
            if index is None or index.isdigit():
                states[None if index is None else int(index)] = fields["JobState"]
        return states
