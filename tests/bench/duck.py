"""Time one DuckDB query over the access log: duck.py FILE THREADS SQL RUNS.

Prints the median seconds of RUNS runs after one that is dropped: the query
alone, without the start of Python. {log} in SQL stands for the file, read with
its schema given, as DuckDB likes it best.
"""
import statistics
import sys
import time

import duckdb

path, threads, sql, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
columns = ("{ts: 'TIMESTAMP', host: 'VARCHAR', ip: 'VARCHAR', method: 'VARCHAR', path: 'VARCHAR', "
           "status: 'INTEGER', bytes: 'BIGINT', latency_ms: 'DOUBLE', user: 'VARCHAR', ua: 'VARCHAR', "
           "id: 'VARCHAR'}")
log = "read_json('%s', format='newline_delimited', columns=%s)" % (path, columns)
db = duckdb.connect()
if threads != 'all':
    db.execute('SET threads = ' + threads)
took = []
for _ in range(runs + 1):
    begin = time.perf_counter()
    db.execute(sql.replace('{log}', log)).fetchall()
    took.append(time.perf_counter() - begin)
print('%.4f' % statistics.median(took[1:]))
