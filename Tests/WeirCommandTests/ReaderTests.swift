// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// What sinks and the store write, as other people's readers see it, beside what `weir logs` prints.
    @Suite struct ReaderTests {
        /// A store, and what sinks of these settings publish of it.
        private func measure(_ site: Site, sinks: String) throws {
            try site.write(
                """
                account-id: 123456789012
                region: local-1
                ports:
                  - {match: port-a, instance-id: i-a, instance-name: "Web, server 1", project-id: p-1, project-name: "Läden"}
                  - port-b
                networks:
                  - {prefix: 10.9.0.0/24, name: "Lab, 10.9"}
                  - {prefix: 10.9.0.2, name: right}
                sinks:
                \(sinks.replacing("FOLDER", with: site.folder))

                """, to: "weir.yaml")
            let daemon = try site.daemon(
                "--interval", "1", "--store", site.path("flows"))
            for address in ["10.9.0.2", "fd09::2"] {
                try site.left.run(["ping", "-q", "-c", "3", "-i", "0.2", address])
            }
            try site.waitForWholeWindow()
            let ended = daemon.stop()
            #expect(ended.status == 0, "\(ended.errors)")
        }

        private func stored(_ site: Site, _ format: String = "json") throws -> String {
            try site.weir("logs", "--store", site.path("flows"), "--format", format)
        }

        private static let columns = "version srcaddr dstaddr protocol packets bytes start end ecs-task-id rule port"

        private static let sinks = """
              - {name: all, type: files, to: FOLDER/all, format: parquet, layout: hive, hourly: true, publish-period: 1s}
              - {name: some, type: files, to: FOLDER/some, format: parquet, fields: "\(columns)"}
              - {name: csv, type: files, to: FOLDER/csv, format: csv, publish-period: 2s}
            """

        /// `json.dumps` with a fixed order, so that rows can be sorted.
        private static let head = """
            import glob, json, sys
            folder = sys.argv[1]
            def text(row):
                return json.dumps({name: value for name, value in row.items() if value is not None}, sort_keys=True)
            lines = [json.loads(line) for line in open(folder + "/lines.json")]
            columns = "\(columns)".replace("-", "_").split()
            def chosen(line):
                # Of AWS's fields among the columns the newest is of version 7.
                return {name: 7 if name == "version" else line.get(name) for name in columns}
            everything = sorted(text(line) for line in lines)
            some = sorted(text(chosen(line)) for line in lines)
            sums = [sum(line.get(name, 0) for line in lines) for name in ("packets", "bytes")]
            assert len(lines) > 4 and sums[0] >= 24, sums
            paths = {name: sorted(glob.glob(f"{folder}/{name}/AWSLogs/**/*.log.parquet", recursive=True)) for name in ("all", "some")}

            """

        @Test func `DuckDB and pyarrow read from Parquet files what weir logs prints`() throws {
            try Site.with { site in
                try measure(site, sinks: Self.sinks)
                let lines = try stored(site)
                for line in try LogLines.json(lines) {
                    let names = [line["instance-name"], line["project-id"], line["project-name"]]
                    #expect(names == (line["port"] == "port-a" ? ["Web, server 1", "p-1", "Läden"] : [nil, nil, nil]))
                    let known = ["10.9.0.1": "Lab, 10.9", "10.9.0.2": "right"]
                    #expect(line["src-name"] == line["srcaddr"].flatMap { known[$0] })
                    #expect(line["dst-name"] == line["dstaddr"].flatMap { known[$0] })
                }
                try site.write(lines, to: "lines.json")
                let script =
                    Self.head + """
                        import duckdb, pyarrow.parquet as parquet, pyarrow.dataset as dataset
                        rows = [row for path in paths["all"] for row in parquet.ParquetFile(path).read().to_pylist()]
                        assert sorted(text(row) for row in rows) == everything, "all"
                        rows = [row for path in paths["some"] for row in parquet.ParquetFile(path).read().to_pylist()]
                        assert sorted(text(row) for row in rows) == some, "some"
                        assert all(list(row) == columns for row in rows), "order"
                        hive = dataset.dataset(folder + "/all/AWSLogs", partitioning="hive").to_table()
                        assert hive.num_rows == len(lines) and {str(id) for id in hive.column("aws-account-id").to_pylist()} == {"123456789012"}, "hive"
                        for name in paths:
                            found = duckdb.sql(f"SELECT sum(packets)::BIGINT, sum(bytes)::BIGINT, count(*), count(action) FROM read_parquet({paths[name]!r}, union_by_name=true)"
                                               .replace("action", "action" if name == "all" else "srcaddr")).fetchone()
                            there = "action" if name == "all" else "srcaddr"
                            assert list(found) == sums + [len(lines), sum(there in line for line in lines)], (name, found)
                        print(len(paths["all"]) > 1, len(paths["some"]) > 0)
                        """
                #expect(try Readers.python(script, site.folder) == "True True\n")
                // One header in each file, and the lines of `weir logs`.
                let header = try #require(try stored(site, "csv").split(separator: "\n").first)
                let files = try site.logFiles(in: site.path("csv"))
                #expect(files.allSatisfy { $0.hasSuffix(".csv.gz") })
                let parts = try files.map { try site.unpacked($0).split(separator: "\n") }
                #expect(!parts.isEmpty && parts.allSatisfy { $0.first == header })
                #expect(
                    parts.flatMap { $0.dropFirst() }.sorted()
                        == (try stored(site, "csv")).split(separator: "\n").dropFirst().sorted())
            }
        }

        /// chDB and Spark take a gigabyte and a minute: tools/test-readers.
        @Test(.enabled(if: Readers.areHeavyOnesAsked))
        func `chDB and Spark read from Parquet files and from the store what weir logs prints`() throws {
            try Site.with { site in
                try measure(site, sinks: Self.sinks)
                try site.write(try stored(site), to: "lines.json")
                let chDB =
                    Self.head + """
                        import chdb
                        def rows(place):
                            return [json.loads(line) for line in str(chdb.query(f"SELECT * FROM file('{place}', Parquet) SETTINGS output_format_json_quote_64bit_integers=0, use_hive_partitioning=0", "JSONEachRow")).splitlines()]
                        def sums_of(place):
                            return json.loads(str(chdb.query(f"SELECT sum(packets), sum(bytes), count(), countIf(srcaddr IS NULL) FROM file('{place}', Parquet) SETTINGS output_format_json_quote_64bit_integers=0", "JSONCompactEachRow")))
                        places = {"all": f"{folder}/all/AWSLogs/**/*.log.parquet", "store": f"{folder}/flows/*/*/*/*/*.parquet"}
                        for name, place in places.items():
                            found = sorted(text({key: value for key, value in row.items() if key != "window_sequence"}) for row in rows(place))
                            assert found == everything, name
                            assert sums_of(place) == sums + [len(lines), sum("srcaddr" not in line for line in lines)], name
                        found = rows(f"{folder}/some/AWSLogs/**/*.log.parquet")
                        assert sorted(text({name: row[name] for name in columns}) for row in found) == some, "some"
                        query = sys.argv[2].replace("/var/lib/weir/flows", folder + "/flows")
                        top = [line.split("\\t") for line in str(chdb.query(query, "TSV")).splitlines()]
                        print(len(top) > 1)
                        """
                let query = try #require(
                    try Readers.example(after: "ClickHouse:").firstMatch(of: /^clickhouse local -q "(.*)"$/)?.1)
                #expect(try Readers.python(chDB, site.folder, String(query), heavy: true) == "True\n")
                let spark =
                    Self.head + """
                        from pyspark.sql import SparkSession
                        builder = SparkSession.builder.master("local[1]").enableHiveSupport()
                        for key, value in {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1", "spark.log.level": "ERROR",
                                           "spark.sql.warehouse.dir": folder + "/warehouse", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
                                           "spark.local.dir": folder + "/spark", "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -Djava.io.tmpdir={folder}",
                                           "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true"}.items():
                            builder = builder.config(key, value)
                        spark = builder.getOrCreate()
                        def rows(frame):
                            return [{key: value for key, value in json.loads(line).items() if key != "window_sequence"} for line in frame.toJSON().collect()]
                        def sums_of(frame):
                            return list(frame.selectExpr("sum(packets)", "sum(bytes)", "count(*)", "count(*) - count(srcaddr)").first())
                        expected = sums + [len(lines), sum("srcaddr" not in line for line in lines)]
                        store = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet").parquet(folder + "/flows")
                        files = spark.read.parquet(*paths["all"])
                        for name, frame in {"store": store, "files": files}.items():
                            assert sorted(text(row) for row in rows(frame)) == everything, name
                            assert sums_of(frame) == expected, name
                        found = rows(spark.read.parquet(*paths["some"]))
                        assert sorted(text({name: row.get(name) for name in columns}) for row in found) == some, "some"
                        # AWS's own table, over files in AWS's folders.
                        spark.sql(sys.argv[4].replace("FOLDER", folder + "/all"))
                        spark.sql("MSCK REPAIR TABLE vpc_flow_logs_parquet")
                        hive = spark.table("vpc_flow_logs_parquet")
                        names = hive.columns[:29]
                        assert names[7] == "protocol" and hive.columns[29:] == ["aws-account-id", "aws-service", "aws-region", "year", "month", "day", "hour"], hive.columns
                        assert sums_of(hive) == expected, "AWS's table"
                        assert sorted(text(row) for row in rows(hive.select(names))) == sorted(text({name: line.get(name) for name in names}) for line in lines), "AWS's table"
                        # The document's own lines.
                        line = sys.argv[2]
                        year = glob.glob(folder + "/flows/2*")[0]
                        exec(line.replace("/var/lib/weir/flows/2026", year))
                        # Its table over a copy, as it stands, and with AWS's own type of the protocol. Spark looks for files in one folder.
                        import os, shutil
                        os.mkdir(folder + "/copy")
                        for path in glob.glob(folder + "/flows/*/*/*/*/*.parquet"): shutil.copy(path, folder + "/copy")
                        for table, ddl in {"flows": sys.argv[3], "like_aws": sys.argv[3].replace("protocol int", "protocol bigint").replace("TABLE flows", "TABLE like_aws")}.items():
                            spark.sql(ddl.replace("s3://BUCKET/flows/", folder + "/copy/"))
                            found = spark.table(table)
                            assert sums_of(found) == expected, table
                            assert sorted(text(row) for row in rows(found)) == everything, table
                        print("done")
                        """
                let example = try Readers.example(after: "Spark:")
                let table = try Readers.example(after: "Athena, over")
                let printed = try Readers.python(spark, site.folder, example, table, Self.tableOfAWS, heavy: true)
                #expect(printed.contains("sum(bytes)") && printed.hasSuffix("done\n"), "\(printed)")
            }
        }

        /// Amazon Athena user guide, "Create tables for flow logs in Apache Parquet format": a table for files in Hive's folders with one for each
        /// hour. Without its TBLPROPERTIES, of which Spark refuses 'EXTERNAL'.
        private static let tableOfAWS = """
            CREATE EXTERNAL TABLE IF NOT EXISTS vpc_flow_logs_parquet (
                version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int,
                protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string,
                vpc_id string, subnet_id string, instance_id string, tcp_flags int, type string, pkt_srcaddr string,
                pkt_dstaddr string, region string, az_id string, sublocation_type string, sublocation_id string,
                pkt_src_aws_service string, pkt_dst_aws_service string, flow_direction string, traffic_path int
            )
            PARTITIONED BY (
                `aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string, `day` string,
                `hour` string
            )
            ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
            STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
            OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
            LOCATION 'FOLDER/AWSLogs/'
            """

        @Test func `the lines of docs for DuckDB and pyarrow work as they stand`() throws {
            try Site.with { site in
                try measure(site, sinks: Self.sinks)
                let lines = try LogLines.json(try stored(site))
                func printed(_ words: String) throws -> String {
                    try Readers.shell(
                        try Readers.example(after: words).replacing("/var/lib/weir/flows", with: site.path("flows")))
                }
                let bytes = try lines.reduce(into: [String: UInt64]()) { sums, line in
                    if let source = line["srcaddr"] { sums[source, default: 0] += try LogLines.number(line, "bytes") }
                }
                let table = try printed("DuckDB:")
                #expect(!bytes.isEmpty && bytes.count < 10)
                for (source, sum) in bytes {
                    #expect(table.split(separator: "\n").contains { $0.contains(source) && $0.contains(" \(sum) ") })
                }
                #expect(try printed("pyarrow:") == "\(lines.count)\n")
            }
        }

        /// Columns are only ever added: a store has files of the versions before.
        @Test func `a file of an earlier column set beside a later one is read with nulls`() throws {
            try Site.with { site in
                let start = Int64(1_800_000_000)
                let port = Port(
                    number: PortNumber(1), name: "tap1", role: .guest,
                    identity: PortIdentity(
                        accountID: "123456789012", instanceName: "web 1", projectID: "p-1", projectName: "shop"),
                    coverage: .interrupted("a program was missing"))
                let kept: [FlowColumn] = FlowColumn.allCases.filter { !Self.newest.contains($0) }
                var whole: [String] = []
                for index in 0..<2 as Range<Int64> {
                    let window = Window(
                        number: 1, start: UnixTime(seconds: start + 60 * index),
                        end: UnixTime(seconds: start + 60 * index + 60), spansRestart: true)
                    let key = FlowKey(
                        port: port.number, direction: .egress, transport: 6, source: IPAddress(v4: 0x0A00_0001),
                        destination: IPAddress(v4: 0x0A00_0002), sourcePort: UInt16(1000 + index), destinationPort: 22)
                    var record = FlowRecord(
                        port: port, window: window, key: key, count: PacketCount(packets: 3, octets: 180),
                        first: window.start, last: window.start, dscp: 46)
                    (record.sourceName, record.destinationName) = (EndName("web 1"), EndName("office"))
                    let identity = WindowIdentity(sequence: UInt64(index) + 1, nonce: 7)
                    let path = site.path("flows/\(StoredSegment(window, identity).path)")
                    try FileManager.default.createDirectory(
                        at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
                    var rows = FlowRows()
                    rows.sequence = index + 1
                    rows.append(record)
                    let columns = (index == 0 ? kept : FlowColumn.allCases).map { ChosenColumn($0) }
                    var file = ParquetWriter(columns: columns.map(\.column))
                    var bytes: [UInt8] = []
                    file.append(RowGroupEncoder(columns).encode(rows).group, to: &bytes)
                    file.finish([], createdBy: ParquetWriter.creator, to: &bytes)
                    try Data(bytes).write(to: URL(filePath: path))
                    whole.append(path)
                }
                let lines = try LogLines.json(try stored(site))
                #expect(lines.map { $0["srcport"] } == ["1000", "1001"] && lines.map { $0["packets"] } == ["3", "3"])
                let names = Self.newest.map(\.name).filter { $0 != "window_sequence" }
                for name in names {
                    let member = name.replacing("_", with: "-")
                    #expect(lines[0][member] == nil && lines[1][member] != nil || name == "observed_at", "\(name)")
                }
                let script = """
                    import sys, duckdb, pyarrow.dataset as dataset
                    folder, older, newer, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4].split()
                    whole = dataset.dataset([newer], format="parquet").schema
                    both = dataset.dataset([older, newer], format="parquet", schema=whole).to_table(columns=["srcport"] + names).to_pylist()
                    assert [row["srcport"] for row in both] == [1000, 1001], both
                    found = duckdb.sql(f"SELECT srcport, {', '.join(names)} FROM read_parquet('{folder}/*/*/*/*/*.parquet', union_by_name=true) ORDER BY srcport").fetchall()
                    assert found == [tuple(row[name] for name in ["srcport"] + names) for row in both], found
                    for rows in ([list(row.values()) for row in both], found):
                        assert all(value is None for value in rows[0][1:]), rows
                        assert sum(value is not None for value in rows[1][1:]) == len(names) - names.count("observed_at"), rows
                    print("done")
                    """
                #expect(
                    try Readers.python(
                        script, site.path("flows"), whole[0], whole[1], Self.newest.map(\.name).joined(separator: " "))
                        == "done\n")
            }
        }

        /// A version of Weir may have been without these.
        private static let newest: [FlowColumn] = [
            .dscp, .observedAt, .incomplete, .incompleteReason, .restarted, .windowSequence, .instanceName, .projectID,
            .projectName, .sourceName, .destinationName,
        ]
    }
}
