"""Writes types.parquet, which the tests read; run it again after a change: python make.py (pyarrow)."""
import json
from datetime import date, time
from decimal import Decimal as D
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

second = 1_700_000_000
columns = {
    "decimal": pa.array([D("0.10"), D("-7.10"), None], pa.decimal128(10, 2)),
    "decimal_38": pa.array([D("12345678901234567890.0001"), D("12345678901234567890.0002"), D("-0.0001")], pa.decimal128(38, 4)),
    "decimal_whole": pa.array([D("99999999999999999999999999999999999901"), D("99999999999999999999999999999999999902"), D("0")], pa.decimal128(38, 0)),
    "decimal_256": pa.array([D("1" * 60 + ".00001"), D("1" * 60 + ".00002"), D("-1.50000")], pa.decimal256(70, 5)),
    "decimals": pa.array([[D("1.10"), D("2.20")], [], None], pa.list_(pa.decimal128(10, 2))),
    "record": pa.array([{"value": D("1.10"), "aliases": [D("1.100")]}] * 3, pa.struct([("value", pa.decimal128(10, 2)), ("aliases", pa.list_(pa.decimal128(10, 3)))])),
    "float32": pa.array([0.1, 16777216.0, -3.3e-7], pa.float32()),
    "float16": pa.array([0.1, 2048.0, -3.3]).cast(pa.float16()),
    "float64": pa.array([0.1, 7.1, 1e300], pa.float64()),
    "int64": pa.array([2**53 + 1, 2**53 + 2, -(2**63)], pa.int64()),
    "uint64": pa.array([2**64 - 1, 2**64 - 2, 0], pa.uint64()),
    "second": pa.array([second, second + 1, -1], pa.timestamp("s")),
    "milli_utc": pa.array([second * 10**3 + 1, second * 10**3, -1], pa.timestamp("ms", "UTC")),
    "micro": pa.array([second * 10**6 + 1, second * 10**6 + 2, -1], pa.timestamp("us")),
    "nano_berlin": pa.array([second * 10**9 + 1, second * 10**9 + 2, -1], pa.timestamp("ns", "Europe/Berlin")),
    "day": pa.array([date(2024, 2, 29), date(1850, 1, 1), date(9999, 12, 31)]),
    "time": pa.array([time(9, 30), time(23, 59, 59, 1), time(0)], pa.time64("us")),
    "class": pa.array([1, 0, -1], pa.int64()),
    "classes": pa.array([[0, 1], [1], []], pa.list_(pa.int64())),
}
feature = {"names": ["negative", "positive"], "_type": "ClassLabel"}
features = {"class": feature, "classes": {"feature": feature, "_type": "Sequence"}}
table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, Path(__file__).with_name("types.parquet"))
