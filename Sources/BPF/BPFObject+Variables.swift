// SPDX-License-Identifier: Apache-2.0

import CLibbpf
package import Host

// The global variables of an object, constant or not, which its BTF describes.
extension BPFObject {
    /// A variable of whole bytes, and where it lies.
    private struct Variable {
        package let section: String
        package let offset: Int
        package let size: Int
    }

    /// Sets a global variable of one, two, four or eight bytes, before the object is loaded.
    ///
    /// - Returns: false where the object has no such variable.
    package func setVariable(_ variableName: String, to value: UInt64) throws(KernelError) -> Bool {
        guard let variable = variables()[variableName] else { return false }
        let failure = "cannot set the variable \(variableName) of \(name)"
        guard [1, 2, 4, 8].contains(variable.size) else {
            throw KernelError(.invalid, failure, cause: "it is not a number: it has \(variable.size) bytes")
        }
        guard variable.size == 8 || value >> (8 * UInt64(variable.size)) == 0 else {
            let bytes = variable.size == 1 ? "1 byte" : "\(variable.size) bytes"
            throw KernelError(.invalid, failure, cause: "\(value) does not fit into \(bytes)")
        }
        guard let map = unsafe bpf_object__find_map_by_name(object, variable.section) else { return false }
        var size = 0
        guard let start = unsafe bpf_map__initial_value(map, &size), variable.offset + variable.size <= size else {
            throw KernelError(.invalid, failure, cause: "its section \(variable.section) has no initial value")
        }
        let bytes = unsafe UnsafeMutableRawPointer(mutating: start)
        // Little-endian, like all hosts of Weir.
        for place in 0..<variable.size {
            let byte = UInt8(truncatingIfNeeded: value >> (8 * UInt64(place)))
            unsafe bytes.storeBytes(of: byte, toByteOffset: variable.offset + place, as: UInt8.self)
        }
        return true
    }

    /// The names of the variables that can be set, in alphabetical order.
    ///
    /// Without those of functions, whose names have a dot.
    package func variableNames() -> [String] {
        variables().filter { [1, 2, 4, 8].contains($0.value.size) && !$0.key.contains(".") }.keys.sorted()
    }

    private func variables() -> [String: Variable] {
        guard let btf = unsafe bpf_object__btf(object) else { return [:] }
        var variables: [String: Variable] = [:]
        for id in 1..<max(1, unsafe btf__type_cnt(btf)) {
            guard let type = unsafe btf__type_by_id(btf, id), unsafe btf_is_datasec(type) else {
                continue
            }
            let section = unsafe String(cString: btf__name_by_offset(btf, type.pointee.name_off))
            guard [".rodata", ".data", ".bss"].contains(where: { section.hasPrefix($0) }) else { continue }
            let members = unsafe btf_var_secinfos(type)
            for place in 0..<Int(unsafe btf_vlen(type)) {
                let member = unsafe members![place]
                guard let declared = unsafe btf__type_by_id(btf, member.type) else { continue }
                let name = unsafe String(cString: btf__name_by_offset(btf, declared.pointee.name_off))
                variables[name] = Variable(section: section, offset: Int(member.offset), size: Int(member.size))
            }
        }
        return variables
    }
}
