"""dlt's rest_api source, merged by primary key into PostgreSQL, from the simulated vendor that the service reads.

It reads what the service reads: users, workflows, jobs and their members, candidates, the history of applications, and
with WITH_TAGS the tags of each candidate. Its pages are as large, and as many are read at once. The last line of its
output says in JSON how long the pipeline ran and how many rows the tables of its resources have.
"""

import json
import os
import time
from urllib.parse import urlsplit, urlunsplit

import dlt
import requests
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api import rest_api_source

os.environ.setdefault("EXTRACT__WORKERS", "16")
os.environ.setdefault("EXTRACT__MAX_PARALLEL_ITEMS", "64")
os.environ.setdefault("NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS", "50000")
os.environ.setdefault("NORMALIZE__WORKERS", str(os.cpu_count()))
os.environ.setdefault("LOAD__WORKERS", "16")
# The rows and what dlt itself needs; nothing is said meanwhile.
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")

vendor = os.environ["VENDOR_URL"]
credentials = json.loads(os.environ["VENDOR_CREDENTIALS"])
with_tags = bool(os.environ.get("WITH_TAGS"))

grant = requests.post(
    f"{vendor}/oauth2/token",
    json={
        "grant_type": "client_credentials",
        "client_id": credentials["clientId"],
        "client_secret": credentials["clientSecret"],
    },
    timeout=60,
)
grant.raise_for_status()
token = grant.json()["access_token"]


class Pages(BasePaginator):
    """The page is asked for in one header, and another names the number of pages."""

    def __init__(self):
        super().__init__()
        self.page = 1

    def init_request(self, request):
        self.page = 1
        request.headers["X-Request-Current-Page"] = "1"

    def update_state(self, response, data=None):
        self._has_next_page = self.page < int(response.headers.get("X-Result-Total-Pages", "0"))
        self.page += 1

    def update_request(self, request):
        request.headers["X-Request-Current-Page"] = str(self.page)


def listed(name, path):
    return {
        "name": name,
        "primary_key": "id",
        "endpoint": {"path": path, "paginator": Pages()},
        "parallelized": True,
    }


def of_each(name, path, parent, key):
    """The resource `path` of each row of `parent`."""
    found = listed(name, path)
    found["endpoint"]["params"] = {"parent_id": {"type": "resolve", "resource": parent, "field": "id"}}
    found["include_from_parent"] = ["id"]
    found["primary_key"] = [f"_{parent}_id", key]
    return found


resources = [
    listed("users", "users/"),
    listed("workflows", "workflows"),
    listed("jobs", "recruitments/"),
    of_each("members", "recruitments/{parent_id}/employees", "jobs", "id"),
    listed("candidates", "employees/"),
    listed("history", "employees/recruitment_history"),
]
if with_tags:
    resources.append(of_each("tags", "employees/{parent_id}/tags", "candidates", "id"))



def address():
    """The server trusts whoever comes, but dlt wants to send a password."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    host = f"{parts.username}:{parts.password or 'none'}@{parts.hostname}:{parts.port}"
    return urlunsplit(("postgresql", host, parts.path, "", ""))


source = rest_api_source(
    {
        "client": {
            "base_url": f"{vendor}/api/integration/v2/",
            "headers": {"Authorization": f"Bearer {token}", "X-Request-Page-Size": "100"},
        },
        "resource_defaults": {"write_disposition": "merge"},
        "resources": resources,
    }
)
name = f"bench_{os.getpid()}"
pipeline = dlt.pipeline(
    pipeline_name=name,
    destination=dlt.destinations.postgres(address()),
    dataset_name="ingested",
)
begun = time.monotonic()
pipeline.run(source)
seconds = time.monotonic() - begun

rows = {}
with pipeline.sql_client() as client:
    for resource in resources:
        try:
            rows[resource["name"]] = client.execute_sql(f"SELECT COUNT(*) FROM {resource['name']}")[0][0]
        except Exception:  # A resource without a row has no table.
            rows[resource["name"]] = 0
pipeline.drop()
print(json.dumps({"seconds": seconds, "rows": sum(rows.values()), "tables": rows}))
