"""
What one writes first with Celery: a task a photo, requests, three tries, a line a photo.
python3 celery_enroll.py FOLDER URL PROCESSES REPORT REDIS_URL
"""
import json
import os
import subprocess
import sys

import requests
from celery import Celery, group

folder, url, processes, report, redis = sys.argv[1:] if len(sys.argv) == 6 else json.loads(os.environ["ENROLL"])
app = Celery("celery_enroll", broker=redis, backend=redis)
session = requests.Session()


@app.task(bind=True, max_retries=3, name="enroll")
def enroll(self, name):
    with open(os.path.join(folder, name), "rb") as photo:
        files = {"photo": (name, photo, "image/jpeg")}
        reply = session.post(url, files=files, data={"templateId": name}, timeout=30)
    if reply.status_code != 200:
        raise self.retry(countdown=1)
    with open(report, "a") as lines:
        lines.write(json.dumps({"name": name, "reply": reply.json()}) + "\n")


if __name__ == "__main__":
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_enroll", "worker", "--concurrency", processes, "--loglevel", "ERROR"],
        cwd=os.path.dirname(os.path.abspath(__file__)),
        env={**os.environ, "ENROLL": json.dumps(sys.argv[1:])},
    )
    group(enroll.s(name) for name in os.listdir(folder))().get()
    worker.terminate()
    worker.wait()
