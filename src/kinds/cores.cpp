#include "kinds/cores.h"

#include <sched.h>

#include <fstream>
#include <set>
#include <string>

namespace threadrunner {

std::size_t physical_cores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return 1;
    }
    // Hardware threads of one core list the same siblings; without sysfs each counts as a core.
    std::set<std::string> cores;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) {
            continue;
        }
        std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                           "/topology/thread_siblings_list");
        std::string siblings;
        if (!std::getline(file, siblings)) {
            siblings = std::to_string(cpu);
        }
        cores.insert(siblings);
    }
    return cores.empty() ? 1 : cores.size();
}

}  // namespace threadrunner
