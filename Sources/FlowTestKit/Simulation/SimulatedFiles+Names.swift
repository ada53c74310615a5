// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

extension SimulatedFiles {
    mutating func makeFolder(_ name: String, in folder: FileDescriptor, mode: mode_t) throws(Errno) {
        let parent = try self.folder(folder)
        guard nodes[parent].names[name] == nil else { throw .fileExists }
        _ = try make(SimulatedNode(isFolder: true, mode: mode), name, in: parent)
        note(2, parent)
    }

    mutating func link(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        let number = try found(name, in: self.folder(folder))
        guard !nodes[number].isFolder else { throw .notPermitted }
        let place = NameChange.Place(folder: try self.folder(target), name: newName)
        guard nodes[place.folder].names[newName] == nil else { throw .fileExists }
        try change { $0.setName(place, number) }
        try failName()
        setName(place, number)
        note(3, number)
    }

    mutating func rename(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        let from = NameChange.Place(folder: try self.folder(folder), name: name)
        let to = NameChange.Place(folder: try self.folder(target), name: newName)
        let number = try found(name, in: from.folder)
        let isFolder = nodes[number].isFolder
        if let other = nodes[to.folder].names[newName] {
            if other == number { return }
            guard nodes[other].isFolder == isFolder else { throw isFolder ? .notDirectory : .isDirectory }
            guard nodes[other].names.isEmpty else { throw .directoryNotEmpty }
        }
        guard nodes[to.folder].links > 0 else { throw .noSuchFileOrDirectory }
        try change { $0.move(from, to, number) }
        try failName()
        move(from, to, number)
        note(4, number)
    }

    mutating func exchange(
        _ name: String, in folder: FileDescriptor, with other: String, in target: FileDescriptor
    ) throws(Errno) {
        let one = NameChange.Place(folder: try self.folder(folder), name: name)
        let two = NameChange.Place(folder: try self.folder(target), name: other)
        let (first, second) = (try found(name, in: one.folder), try found(other, in: two.folder))
        try change { $0.swap(one, first, two, second) }
        try failName()
        swap(one, first, two, second)
        note(5, first)
    }

    mutating func remove(_ name: String, in folder: FileDescriptor, isFolder: Bool) throws(Errno) {
        let place = NameChange.Place(folder: try self.folder(folder), name: name)
        let number = try found(name, in: place.folder)
        guard nodes[number].isFolder == isFolder else { throw isFolder ? .notDirectory : .isDirectory }
        guard nodes[number].names.isEmpty else { throw .directoryNotEmpty }
        try change { $0.removeName(place) }
        removeName(place)
        note(6, place.folder)
    }

    mutating func setName(_ place: NameChange.Place, _ number: Int) {
        lead(place, to: number)
        changesOfNames.append(NameChange(added: [(place, number)]))
    }

    mutating func removeName(_ place: NameChange.Place) {
        lead(place, to: nil)
        changesOfNames.append(NameChange(removed: place))
    }

    mutating func move(_ from: NameChange.Place, _ to: NameChange.Place, _ number: Int) {
        lead(to, to: number)
        lead(from, to: nil)
        changesOfNames.append(NameChange(added: [(to, number)], removed: from))
    }

    mutating func swap(_ one: NameChange.Place, _ first: Int, _ two: NameChange.Place, _ second: Int) {
        nodes[one.folder].names[one.name] = second
        nodes[two.folder].names[two.name] = first
        changesOfNames.append(NameChange(added: [(one, second), (two, first)]))
    }

    mutating func lead(_ place: NameChange.Place, to number: Int?) {
        let before = nodes[place.folder].names[place.name]
        nodes[place.folder].names[place.name] = number
        if let number {
            nodes[number].links += 1
            if nodes[number].links == 1 { used += nodes[number].bytes.count }
        }
        guard let before else { return }
        nodes[before].links -= 1
        if nodes[before].links == 0 { used -= nodes[before].bytes.count }
    }
}
