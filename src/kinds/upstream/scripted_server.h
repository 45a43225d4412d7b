#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace threadrunner {

/// For tests: a TCP server on the loopback that reads each request whole and answers in the test's
/// own bytes.
class ScriptedServer {
public:
    /// One connection of a client.
    struct Guest {
        explicit Guest(boost::asio::ip::tcp::socket connection) : socket(std::move(connection)) {}

        /// Sends bytes at once.
        void say(std::string_view bytes) {
            boost::system::error_code ignored;
            boost::asio::write(socket, boost::asio::buffer(bytes), ignored);
        }
        void leave() { socket.close(); }
        /// Whether the client has closed it.
        [[nodiscard]] bool left() {
            boost::system::error_code error;
            char byte = 0;
            socket.non_blocking(true);
            socket.read_some(boost::asio::buffer(&byte, 1), error);
            return error == boost::asio::error::eof ||
                   error == boost::asio::error::connection_reset;
        }

        boost::asio::ip::tcp::socket socket;
        std::string request;  ///< head and body, once it is whole
    };

    explicit ScriptedServer(boost::asio::io_context& loop)
        : acceptor_(loop, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
        accept();
    }

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    void close() { acceptor_.close(); }

    /// What it says to each request; without one it says nothing.
    std::function<void(Guest&)> answer;
    std::deque<std::shared_ptr<Guest>> guests;

    [[nodiscard]] static std::string json(std::string_view document, std::string_view status) {
        return "HTTP/1.1 " + std::string(status) +
               "\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(document.size()) + "\r\n\r\n" + std::string(document);
    }
    [[nodiscard]] static std::string stream_head() {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
               "Transfer-Encoding: chunked\r\n\r\n";
    }
    [[nodiscard]] static std::string chunk(std::string_view data) {
        std::array<char, 2 * sizeof(std::size_t)> digits{};
        char* const end = std::to_chars(digits.begin(), digits.end(), data.size(), 16).ptr;
        return std::string(digits.begin(), end) + "\r\n" + std::string(data) + "\r\n";
    }

private:
    void accept() {
        acceptor_.async_accept(
            [this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
                if (!error) {
                    guests.push_back(std::make_shared<Guest>(std::move(socket)));
                    read(guests.back());
                    accept();
                }
            });
    }

    void read(const std::shared_ptr<Guest>& guest) {
        auto buffer = std::make_shared<std::string>();
        boost::asio::async_read_until(
            guest->socket, boost::asio::dynamic_buffer(*buffer), "\r\n\r\n",
            [this, guest, buffer](const boost::system::error_code& error, std::size_t head) {
                if (error) {
                    return;
                }
                constexpr std::string_view name = "Content-Length: ";
                const std::size_t at = buffer->find(name);
                const std::size_t body =
                    at < head ? std::stoul(buffer->substr(at + name.size())) : 0;
                boost::system::error_code cut;
                while (!cut && buffer->size() < head + body) {
                    char byte = 0;
                    boost::asio::read(guest->socket, boost::asio::buffer(&byte, 1), cut);
                    *buffer += byte;
                }
                guest->request = *buffer;
                if (answer) {
                    answer(*guest);
                }
            });
    }

    boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace threadrunner
