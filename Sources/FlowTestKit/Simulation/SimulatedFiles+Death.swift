// SPDX-License-Identifier: Apache-2.0

import SystemPackage

extension SimulatedFiles {
    mutating func startProcess() -> Int {
        lastProcess += 1
        processes[lastProcess] = Process()
        return lastProcess
    }

    mutating func setDeath(of process: Int, _ death: SimulatedProcess.Death, after calls: Int) {
        guard processes[process] != nil else { return }
        processes[process] = Process(death: death, changesLeft: calls)
    }

    mutating func spare(_ process: Int) {
        if processes[process] != nil { processes[process] = Process() }
    }

    mutating func endProcess(_ process: Int) {
        processes[process] = nil
        for (descriptor, opened) in open where opened.process == process {
            open[descriptor] = nil
            if locks[opened.node] == descriptor { locks[opened.node] = nil }
        }
    }

    /// Counts a call that changes something. Where the process dies in it, `dying` does what was done until then.
    mutating func change(dying: (inout Self) -> Void = { _ in }) throws(Errno) {
        changes += 1
        guard let process = processes[caller], let death = process.death else { return }
        processes[caller]?.changesLeft -= 1
        guard process.changesLeft <= 0 else { return }
        if chance(0.5) { dying(&self) }
        switch death {
        case .kill: endProcess(caller)
        case .crash: crash()
        }
        throw SimulatedProcess.deadProcess
    }

    mutating func chance(_ odds: Double) -> Bool { odds > 0 && Double.random(in: 0..<1, using: &random) < odds }

    mutating func readSomething() throws(Errno) { if chance(faults.failedReads) { throw .ioError } }

    mutating func note(_ call: UInt64, _ result: Int) {
        digest = (digest ^ call ^ UInt64(truncatingIfNeeded: result) << 8) &* 0x0000_0100_0000_01b3
    }
}

extension SimulatedFiles {
    /// Ends all processes, and leaves what is on the disk, with some of what is not.
    mutating func crash() {
        crashes += 1
        filesAtCrash = files()
        for process in processes.keys { endProcess(process) }
        crashNames()
        for number in nodes.indices where !nodes[number].isFolder { crashContent(number) }
        for number in nodes.indices { nodes[number].names = nodes[number].durableNames }
        for number in nodes.indices { nodes[number].links = number == Self.root ? 1 : 0 }
        for number in nodes.indices { for (_, other) in nodes[number].names { nodes[other].links += 1 } }
        used = nodes.reduce(0) { $0 + ($1.links > 0 ? $1.bytes.count : 0) }
    }

    /// A disk that keeps a journal of names has the first of them; another has any.
    mutating func crashNames() {
        if chance(0.5) {
            let count = Int.random(in: 0...changesOfNames.count, using: &random)
            for change in changesOfNames[..<count] { change.apply(to: &nodes) }
        } else {
            for change in changesOfNames where chance(0.5) { change.apply(to: &nodes) }
        }
        changesOfNames = []
    }

    mutating func crashContent(_ number: Int) {
        for block in nodes[number].dirty.sorted() where chance(0.5) {
            // A sector is there whole or not at all.
            let sectors = SimulatedNode.block / 512
            let count = chance(0.8) ? sectors : Int.random(in: 0...sectors, using: &random)
            nodes[number].writeOut(block, upTo: count * 512)
        }
        if !nodes[number].dirty.isEmpty, chance(0.5) { nodes[number].setDurableLength() }
        nodes[number].dirty = []
        nodes[number].bytes = nodes[number].durable
    }

    /// - Parameter folder: a name in the root; nil: all.
    func files(below folder: String? = nil) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        var folders = [(path: "", number: Self.root)]
        if let folder { folders = nodes[Self.root].names[folder].map { [("/" + folder, $0)] } ?? [] }
        while let folder = folders.popLast() {
            for (name, number) in nodes[folder.number].names {
                let path = "\(folder.path)/\(name)"
                if nodes[number].isFolder {
                    folders.append((path, number))
                } else {
                    found[path] = nodes[number].bytes
                }
            }
        }
        return found
    }
}
