from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from crm_sandbox.sandbox import FILE_NAME

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def command(tmp_path):
    """Starts `crm_sandbox` with these arguments, on a data folder and a port of its own."""
    started = []
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "leadops.settings",
        "LEADOPS_DATA_DIR": str(tmp_path),
        "LEADOPS_SANDBOX_PORT": "0",
    }

    def run(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "crm_sandbox", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with process:
            process.kill()


def test_it_serves_the_crm_with_the_token_it_is_given(command, tmp_path):
    process = command("--token", "mine")
    url = process.stdout.readline().split()[-1]
    owners = f"{url}/hubspot/crm/v3/owners"
    assert requests.get(owners, headers={"Authorization": "Bearer mine"}, timeout=5).status_code == 200
    assert requests.get(owners, headers={"Authorization": "Bearer other"}, timeout=5).status_code == 401
    assert (tmp_path / FILE_NAME).exists()
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_it_says_in_one_sentence_that_its_port_is_taken(command, sandbox):
    process = command("--port", str(sandbox.port))
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {sandbox.port} is taken" in complaint
    assert "Traceback" not in complaint


def test_it_says_in_one_sentence_that_its_file_is_damaged(command, tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 100)
    process = command()
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Remove it to start with an empty CRM" in complaint
    assert "Traceback" not in complaint


def test_it_takes_the_certificate_that_logins_to_salesforce_are_signed_for(command, tmp_path):
    process = command("--salesforce-certificate", str(tmp_path / "nothing.pem"))
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "holds no certificate with an RSA key" in complaint
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "key.pem").write_bytes(key.public_bytes(serialization.Encoding.PEM, form))
    process = command("--salesforce-certificate", str(tmp_path / "key.pem"))
    url = process.stdout.readline().split()[-1]
    known = requests.get(f"{url}/control/salesforce/org", timeout=5).json()
    assert known["certificate"] == (tmp_path / "key.pem").read_text()
